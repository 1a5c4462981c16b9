// Building the page: elements and icons made by hand. Text is always a text node, never HTML.

/**
 * Makes an element. In `props`: `class`, `on…` for listeners, a property of the element (`disabled`, `value`) or an
 * attribute. Children are elements or texts; empty ones are left out.
 */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** A button with an icon and a visible word; `label` is what is read out, and begins with that word. */
export function button(word, { icon, label, ...props } = {}) {
  const title = label && label !== word ? label : undefined;
  return el("button", { type: "button", "aria-label": title, ...props }, icon ? svg(icon) : null, word);
}

/** A button that shows an icon alone; its label is its tooltip too. */
export function iconButton(icon, label, props = {}) {
  return el("button", { type: "button", class: "quiet icon-only", "aria-label": label, title: label, ...props }, svg(icon));
}

export function byId(id) {
  return document.getElementById(id);
}

/** Puts other children in, if there are others to put: what has the focus keeps it where it can. */
export function fill(parent, ...children) {
  parent.replaceChildren(...children.flat().filter(Boolean));
}

/** Says it to those who don't see the page. */
export function announce(text) {
  const announcer = byId("announcer");
  // The same sentence twice is news twice.
  announcer.textContent = announcer.textContent === text ? `${text}\u00a0` : text;
}

/** Copies, and says so on the button for a moment. */
export async function copy(text, from) {
  let word = "Copied";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    word = copyTheOldWay(text) ? "Copied" : "Not allowed here";
  }
  announce(word);
  if (from.dataset.copied) return;
  const before = [...from.childNodes];
  from.dataset.copied = word;
  from.replaceChildren(svg(word === "Copied" ? "check" : "warn"), before.length > 1 ? word : "");
  setTimeout(() => {
    delete from.dataset.copied;
    from.replaceChildren(...before);
  }, 1400);
}

/** Where the page is not served from this machine or over TLS, there is no clipboard object. */
function copyTheOldWay(text) {
  const field = el("textarea", { class: "visually-hidden", value: text, "aria-label": "To copy" });
  const before = document.activeElement;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  before?.focus();
  return done;
}

const ICONS = {
  send: "M4 12h14M12.5 6.5 18 12l-5.5 5.5",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z",
  hide: "M4 4l16 16M9.9 5.8A9 9 0 0 1 12 5.5c6 0 9.500 6.500 9.500 6.500a16 16 0 0 1-3 3.700M6 7.600A16 16 0 0 0 2.500 12S6 18.500 12 18.500a9 9 0 0 0 4-.900",
  copy: "M9 9h10v11H9zM5 15V4h10",
  fresh: "M20 12a8 8 0 1 1-2.300-5.700M20 3v4.500h-4.500",
  plug: "M9 3v5M15 3v5M6.500 8h11v3a5.500 5.500 0 0 1-11 0zM12 16.500V21",
  check: "M5 12.500l4.500 4.500L19 7.500",
  warn: "M12 4 2.800 19.500h18.400ZM12 10v4.500M12 17v.1",
  clock: "M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17ZM12 7.500V12l3 2",
  lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
  moon: "M19.500 14.500A8 8 0 0 1 9.500 4.500a8 8 0 1 0 10 10Z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M18.700 5.300l-1.400 1.400M6.700 17.300l-1.400 1.400",
  auto: "M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17ZM12 3.500v17",
  pause: "M8 5v14M16 5v14",
  play: "M7 5l12 7-12 7Z",
  out: "M12 19V5M6 11l6-6 6 6",
  in: "M12 5v14M6 13l6 6 6-6",
  ticket: "M4 7h16v3.500a1.500 1.500 0 0 0 0 3V17H4v-3.500a1.500 1.500 0 0 0 0-3ZM14 7.500v1.500M14 11.300v1.500M14 15v1.500",
  video: "M3.500 7.500h11v9h-11zM14.500 11l6-3.200v8.400l-6-3.200",
  offline: "M3.500 3.500l17 17M8.700 15.600a5 5 0 0 1 6.600 0M5 12a10 10 0 0 1 4.300-2.500M19 12a10 10 0 0 0-6-2.800M12 19v.1",
  info: "M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17ZM12 11v5.500M12 7.500v.1",
};

/** An icon; it decorates, so it is not read out. */
export function svg(name) {
  const space = "http://www.w3.org/2000/svg";
  const icon = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" })) {
    icon.setAttribute(key, value);
  }
  path.setAttribute("d", ICONS[name]);
  icon.append(path);
  return icon;
}

/** A small coloured word: `good`, `bad`, `warn`, `busy` or `plain`. */
export function chip(kind, text, icon) {
  return el("span", { class: `chip ${kind}` }, icon ? svg(icon) : el("span", { class: "dot" }), text);
}

/** A user's ID, which breaks before its `@` where it must. */
export function named(userId) {
  const [name, ...rest] = userId.split("@");
  return rest.length ? [name, el("wbr"), `@${rest.join("@")}`] : [userId];
}

/** Milliseconds as people read them. */
export function shortly(ms) {
  return ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** A user's initial. */
export function avatar(userId, role) {
  const initial = [...userId][0] ?? "?";
  return el("span", { class: `avatar ${role}`, "aria-hidden": "true" }, initial.toUpperCase());
}
