// The event log: the latest frames of every connection, with filter, pause and copy. Tokens are masked on the way in.

import { button, copy, el, fill, svg } from "./dom.js";
import { withoutTokens } from "./tokens.js";

const MOST = 400;

const entries = [];
let list = null;
let count = null;
let needle = "";
let paused = false;
let missed = 0;

/** Takes a frame in. */
export function record(who, { direction, frame, text }) {
  const masked = frame ? withoutTokens(frame) : { text };
  const event = frame?.event ?? "(raw text)";
  const entry = { at: new Date(), who, direction, event, json: JSON.stringify(masked, null, 2), about: about(masked) };
  entry.haystack = `${who} ${direction} ${event} ${entry.json}`.toLowerCase();
  entries.unshift(entry);
  if (entries.length > MOST) entries.pop().item?.remove();
  if (paused) missed += 1;
  else if (list && matches(entry)) list.prepend(item(entry));
  tell();
}

function about({ data, text }) {
  if (text !== undefined) return text.slice(0, 80);
  if (!data) return "";
  if (data.code) return `${data.code}: ${data.error ?? data.message}`;
  if (data.summary ?? data.total) return `${data.successful ?? data.delivered} of ${data.total} delivered`;
  return data.userId ?? data.participantUserId ?? data.hostUserId ?? data.zakToken ?? data.obfToken ?? "";
}

function matches(entry) {
  return needle.split(/\s+/).every((word) => entry.haystack.includes(word));
}

function time(at) {
  return `${at.toTimeString().slice(0, 8)}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

function item(entry) {
  const outgoing = entry.direction === "out";
  entry.item ??= el(
    "li",
    { class: entry.event === "error" ? "bad" : "" },
    el(
      "details",
      {},
      el(
        "summary",
        {},
        el("time", {}, time(entry.at)),
        el("span", { class: `way ${entry.direction}` }, svg(outgoing ? "out" : "in"), el("span", { class: "visually-hidden" }, outgoing ? "sent" : "received")),
        el("span", { class: "who" }, entry.who),
        el("b", {}, entry.event),
        el("span", { class: "about" }, entry.about),
      ),
      el("pre", { tabindex: "0", "aria-label": `${entry.event}, whole` }, entry.json),
    ),
  );
  return entry.item;
}

function shown() {
  return entries.filter(matches);
}

function redraw() {
  missed = 0;
  fill(list, shown().map(item));
  tell();
}

function tell() {
  if (!count) return;
  const many = needle ? `${shown().length} of ${entries.length} events` : `${entries.length} events`;
  count.textContent = paused ? `${many}, paused: ${missed} new` : many;
}

/** Builds the log. */
export function log(into) {
  list = el("ol", { class: "entries" });
  count = el("p", { class: "count" });
  const filter = el("input", { type: "search", placeholder: "Filter: alice, error, meeting:credentials …", autocomplete: "off" });
  filter.addEventListener("input", () => {
    needle = filter.value.trim().toLowerCase();
    redraw();
  });
  const pause = button("Pause", { icon: "pause", "aria-pressed": "false" });
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.replaceChildren(svg(paused ? "play" : "pause"), "Pause");
    if (paused) tell();
    else redraw();
  });
  const copying = button("Copy", { icon: "copy", label: "Copy the events shown" });
  copying.addEventListener("click", () => {
    const lines = shown().map((entry) => `${entry.at.toISOString()} ${entry.who} ${entry.direction} ${entry.json}`);
    copy(lines.join("\n"), copying);
  });
  const clear = button("Clear", { class: "quiet", label: "Clear the log", onclick: () => {
    entries.length = 0;
    redraw();
  } });
  fill(
    into,
    el("div", { class: "log-bar" }, el("label", {}, el("span", { class: "visually-hidden" }, "Filter the events"), filter), pause, copying, clear, count),
    el("div", { class: "log-scroll", tabindex: "0", role: "region", "aria-label": "Events, newest first" }, list),
  );
  redraw();
}
