// The counters above the rows, which show a part of them when pressed, and the tools beside: search, order, copy, file.

import { button, copy, el } from "../dom.js";

const COUNTERS = [
  ["all", "All"],
  ["have", "Have it"],
  ["nothing", "Have nothing"],
  ["awaited", "Awaited"],
  ["failed", "Failed"],
  ["absent", "Not here"],
];

/** Why nobody is shown, by the counter that is pressed. */
const NOBODY = {
  all: "Nobody is on the list yet.",
  have: "Nobody has a token yet.",
  nothing: "Everybody has their token.",
  awaited: "Nobody is awaited.",
  failed: "Nothing has failed.",
  absent: "Everybody is here, as far as the hub knows.",
};

export class Tools {
  /** What is looked at, as `Rows.shown` takes it. */
  look = { filter: "all", search: "", sort: "attention" };
  #counters = new Map();
  #search = el("input", { type: "search", placeholder: "Search", autocomplete: "off", spellcheck: "false" });
  #buttons;

  /** `onLook` is called when something else is looked at; `absent` answers the IDs to copy; the others are what the buttons do. */
  constructor({ onLook, absent, onRetry, onExport }) {
    const sort = el("select", { autocomplete: "off" }, ...[
      ["attention", "What needs you first"], ["pasted", "As pasted"], ["name", "By name"], ["latest", "Latest change first"],
    ].map(([value, word]) => el("option", { value }, word)));
    sort.addEventListener("change", () => onLook(Object.assign(this.look, { sort: sort.value })));
    this.#search.addEventListener("input", () => onLook(Object.assign(this.look, { search: this.#search.value.trim() })));
    this.#buttons = {
      retry: button("Retry the failed", { icon: "fresh", class: "accent", onclick: onRetry }),
      copy: button("Copy", { icon: "copy" }),
      export: button("Save as CSV", { icon: "in", onclick: onExport }),
    };
    this.#buttons.copy.addEventListener("click", () => copy(absent().join("\n"), this.#buttons.copy));
    const counters = COUNTERS.map(([name, word]) => {
      const number = el("span", { class: "many" }, "0");
      const counter = el(
        "button",
        { type: "button", class: `counter ${name}`, "aria-pressed": String(name === "all"), onclick: () => this.#press(name, onLook) },
        number,
        el("span", { class: "word" }, word),
      );
      this.#counters.set(name, { counter, number });
      return counter;
    });
    this.parts = [
      el("div", { class: "board-counters", role: "group", "aria-label": "Show" }, counters),
      el(
        "div",
        { class: "board-tools" },
        el("label", {}, el("span", { class: "visually-hidden" }, "Search people"), this.#search),
        el("label", {}, el("span", { class: "visually-hidden" }, "Order"), sort),
        this.#buttons.retry,
        this.#buttons.copy,
        this.#buttons.export,
      ),
    ];
  }

  /** Why no row is shown. */
  get whyEmpty() {
    return this.look.search ? "Nobody here is called like that." : NOBODY[this.look.filter];
  }

  /** Shows how many there are, and what can be done about them. */
  show(counts, { retryable, isDistributed }) {
    for (const [name, { number }] of this.#counters) {
      const text = String(counts[name]);
      if (number.textContent !== text) number.textContent = text;
    }
    const { retry, copy: copying, export: saving } = this.#buttons;
    hideWithout(retry, retryable === 0, this.#search);
    retry.lastChild.textContent = retryable === 1 ? "Retry the one that failed" : `Retry ${retryable} failed`;
    copying.hidden = counts.absent === 0;
    if (!copying.dataset.copied) copying.lastChild.textContent = `Copy ${counts.absent} not here`;
    saving.hidden = !isDistributed;
  }

  /** Everybody again, for another list. */
  reset() {
    this.#search.value = "";
    Object.assign(this.look, { filter: "all", search: "" });
    this.#showPressed();
  }

  #press(name, onLook) {
    // Pressed again, it shows everybody again.
    this.look.filter = this.look.filter === name ? "all" : name;
    this.#showPressed();
    onLook(this.look);
  }

  #showPressed() {
    for (const [name, { counter }] of this.#counters) counter.setAttribute("aria-pressed", String(name === this.look.filter));
  }
}

/** A button that goes while it has the focus hands it on. */
function hideWithout(one, isHidden, next) {
  const had = one === document.activeElement;
  one.hidden = isHidden;
  if (had && isHidden) next.focus();
}
