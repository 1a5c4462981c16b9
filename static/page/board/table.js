// The board's rows on the page. Each is built once and then told what has changed; the browser lays out those alone that
// are in sight (`content-visibility`), so that a thousand are as quick as ten.

import { el, named, svg } from "../dom.js";
import { plainly } from "../words.js";

const STATUS = {
  planned: { word: "", kind: "plain" },
  queued: { word: "In line", kind: "plain", icon: "clock" },
  pending: { word: "Awaited", kind: "busy", icon: "clock" },
  delivered: { word: "Delivered", kind: "good", icon: "check" },
  acknowledged: { word: "Confirmed", kind: "good", icon: "check" },
  failed: { word: "Failed", kind: "bad", icon: "warn" },
};

/** What was done last, as in `Confirmed 14:02:07`. */
const DONE = { queued: "Queued", pending: "Since", delivered: "Handed over", acknowledged: "Confirmed", failed: "Failed" };

const COLUMNS = ["Person", "Presence", "Status", "Last change", "Connections", "Action"];

const times = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** Makes the table. `retry` is called with the user whose row asks for another attempt. */
export class Table {
  #lines = new Map();
  #body = el("div", { role: "rowgroup", class: "board-body" });
  #empty = el("p", { class: "board-empty" });
  #retry;
  #order = [];

  constructor(retry) {
    this.#retry = retry;
    const heads = COLUMNS.map((name) => el("span", { role: "columnheader" }, name));
    this.element = el(
      "div",
      { class: "board-table", role: "table", "aria-label": "People and their tokens" },
      el("div", { role: "rowgroup", class: "board-head" }, el("div", { role: "row" }, heads)),
      this.#body,
    );
    this.parts = [this.element, this.#empty];
  }

  /** Shows these rows, in this order. */
  arrange(rows, whyEmpty) {
    this.#empty.textContent = rows.length ? "" : whyEmpty;
    this.#empty.hidden = rows.length > 0;
    this.element.hidden = rows.length === 0;
    this.element.setAttribute("aria-rowcount", String(rows.length + 1));
    const isSame = rows.length === this.#order.length && rows.every((row, place) => row === this.#order[place]);
    if (isSame) return;
    this.#order = rows;
    const focused = this.#body.contains(document.activeElement) ? document.activeElement : null;
    this.#body.replaceChildren(...rows.map((row) => this.#lineOf(row).element));
    // What is taken out and put in again has lost it.
    if (focused?.isConnected) focused.focus({ preventScroll: true });
  }

  /** These stand otherwise. */
  update(rows) {
    for (const row of rows) this.#lines.get(row)?.show(row);
  }

  /** Another list: nothing of the one before is kept. */
  clear() {
    this.#lines.clear();
    this.#order = [];
    this.#body.replaceChildren();
  }

  #lineOf(row) {
    if (!this.#lines.has(row)) {
      const line = new Line(row, this.#retry);
      line.show(row);
      this.#lines.set(row, line);
    }
    return this.#lines.get(row);
  }
}

/** One row's elements. */
class Line {
  #cells = Object.fromEntries(
    ["user", "presence", "status", "when", "sessions", "action"].map((name) => [name, el("div", { role: "cell", class: name })]),
  );
  #presence = el("span", {});
  #status = el("span", { class: "chip" });
  #retry;

  constructor({ userId }, retry) {
    this.#retry = retry;
    const { user, presence, status } = this.#cells;
    user.append(el("span", { class: "here-dot", "aria-hidden": "true" }), el("span", { class: "called" }, named(userId)));
    presence.append(this.#presence);
    status.append(this.#status);
    this.element = el("div", { role: "row" }, Object.values(this.#cells));
  }

  show(row) {
    const { userId, online, status, sessions, at, code, error } = row;
    const { when, sessions: count, action, status: cell } = this.#cells;
    this.element.dataset.status = status;
    this.element.dataset.here = online === undefined ? "unknown" : String(online);
    this.#presence.textContent = online === undefined ? "" : online ? "Here" : "Not here";
    const { word, kind, icon } = STATUS[status];
    this.#status.className = `chip ${kind}`;
    this.#status.replaceChildren(...(icon ? [svg(icon)] : []), word);
    this.#status.hidden = word === "";
    when.replaceChildren(...(at ? [el("span", { class: "verb" }, `${DONE[status]} `), times.format(at)] : []));
    count.textContent = sessions ? `${sessions}` : "";
    count.dataset.label = sessions === 1 ? "connection" : "connections";
    const why = cell.querySelector(".why-not");
    why?.remove();
    if (status === "failed") cell.append(reason(code, error));
    this.#offer(action, status === "failed" && code !== "invalid_user_id", userId);
  }

  #offer(cell, isOffered, userId) {
    const before = cell.firstChild;
    if (isOffered && !before) {
      cell.append(el(
        "button",
        { type: "button", class: "quiet", "aria-label": `Try again for ${userId}`, onclick: () => this.#retry(userId) },
        svg("fresh"),
        "Try again",
      ));
    } else if (!isOffered && before) {
      const had = before === document.activeElement;
      before.remove();
      if (!had) return;
      this.element.tabIndex = -1;
      this.element.focus({ preventScroll: true });
    }
  }
}

function reason(code, error) {
  const { what, then } = plainly(code);
  return el("p", { class: "why-not", title: error ?? "" }, el("strong", {}, what), " ", then);
}
