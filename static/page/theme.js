// Light, dark or as the system has it. The choice is the only thing that this page stores.

import { svg } from "./dom.js";

const THEMES = {
  auto: { icon: "auto", label: "Theme: as the system. Switch to light" },
  light: { icon: "sun", label: "Theme: light. Switch to dark" },
  dark: { icon: "moon", label: "Theme: dark. Switch to the system’s" },
};
const ORDER = Object.keys(THEMES);

/** Puts the toggle to work. */
export function theme(toggle) {
  let current = stored();
  const show = () => {
    document.documentElement.dataset.theme = current;
    toggle.replaceChildren(svg(THEMES[current].icon));
    toggle.setAttribute("aria-label", THEMES[current].label);
    toggle.title = THEMES[current].label;
  };
  toggle.addEventListener("click", () => {
    current = ORDER[(ORDER.indexOf(current) + 1) % ORDER.length];
    try {
      localStorage.setItem("theme", current);
    } catch {
      // It then lasts until the page is left.
    }
    show();
  });
  show();
}

function stored() {
  try {
    const name = localStorage.getItem("theme");
    return ORDER.includes(name) ? name : "auto";
  } catch {
    return "auto";
  }
}
