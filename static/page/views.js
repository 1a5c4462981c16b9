// Which view of the page is shown: the address's fragment says so, so that each can be linked to and is there again after
// a reload. `#board/3f9c…` is the board, with a word of its own behind the slash.

import { byId } from "./dom.js";

const TITLES = { try: "Try it", board: "Board", participant: "Participant", overview: "Overview" };

const entered = new Map();
let current = null;

/** What of the address is the view's own. */
export function detailOf(view) {
  const [name, ...rest] = location.hash.slice(1).split("/");
  return name === view ? decoded(rest.join("/")) : "";
}

/** Notes in the address what the view shows, without a step that the way back would undo. */
export function setDetail(view, detail) {
  history.replaceState(null, "", `#${view}${detail ? `/${encodeURIComponent(detail)}` : ""}`);
}

/** What a view does when it comes into sight, and when the address names another detail of it. */
export function onEnter(view, enter) {
  entered.set(view, enter);
}

/** Whether somebody looks at this view. */
export function isShown(view) {
  return current === view && document.visibilityState === "visible";
}

/** Puts the views to work, and shows the one that the address names. */
export function views() {
  addEventListener("hashchange", () => show(true));
  // The fragment is the views': the way past the top leads to what is shown.
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    byId("main").focus();
  });
  show(false);
}

function show(isMove) {
  const named = location.hash.slice(1).split("/")[0];
  // A fragment that is no view's leaves the one that is shown.
  const view = Object.hasOwn(TITLES, named) ? named : (current ?? "try");
  const isOther = view !== current;
  current = view;
  for (const name of Object.keys(TITLES)) byId(name).hidden = name !== view;
  for (const link of document.querySelectorAll(".top nav a")) {
    if (link.hash === `#${view}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${TITLES[view]} · Zoom Token Hub`;
  entered.get(view)?.(detailOf(view));
  if (!isMove || !isOther) return;
  scrollTo(0, 0);
  byId(view).querySelector("h1")?.focus({ preventScroll: true });
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
