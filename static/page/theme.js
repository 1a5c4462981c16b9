// Light, dark or as the system has it.

import { keep, kept } from "./choices.js";
import { svg } from "./dom.js";

const THEMES = {
  auto: { icon: "auto", label: "Theme: as the system. Switch to light" },
  light: { icon: "sun", label: "Theme: light. Switch to dark" },
  dark: { icon: "moon", label: "Theme: dark. Switch to the system’s" },
};
const ORDER = Object.keys(THEMES);

/** Puts the toggle to work. */
export function theme(toggle) {
  let current = kept("theme", ORDER);
  const show = () => {
    document.documentElement.dataset.theme = current;
    toggle.replaceChildren(svg(THEMES[current].icon));
    toggle.setAttribute("aria-label", THEMES[current].label);
    toggle.title = THEMES[current].label;
  };
  toggle.addEventListener("click", () => {
    current = ORDER[(ORDER.indexOf(current) + 1) % ORDER.length];
    keep("theme", current);
    show();
  });
  show();
}
