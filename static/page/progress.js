// A distribution on show: a bar and about how long is left, a row for each participant, which waits until it has ended.

import { avatar, button, chip, el, named } from "./dom.js";
import { paneOf } from "./panes.js";
import { key } from "./state.js";
import { plainly } from "./words.js";

/** `3 of 5, about 7 s left`. */
export function howFar({ done, total, etaSeconds }) {
  const left = etaSeconds >= 90 ? `${Math.round(etaSeconds / 60)} min` : `${etaSeconds} s`;
  return `${done} of ${total}${done < total && etaSeconds > 0 ? `, about ${left} left` : ""}`;
}

/** One distribution: `move` takes each progress, `end` a row that ended, and `finish` says how it went. */
export function progress(userIds) {
  const title = el("h2", { id: "outcome-title" }, "Distributing…");
  const about = el("p", {});
  const bar = el("progress", { max: userIds.length, value: 0, "aria-label": "Progress of the distribution" });
  const rows = new Map(userIds.map((userId) => [key(userId), waiting(userId)]));
  const list = el("ul", { class: "rows" }, [...rows.values()]);
  const over = new Set();
  return {
    parts: [el("div", { class: "outcome-head" }, title, about), bar, list],
    move(told) {
      bar.max = told.total;
      bar.value = told.done;
      about.textContent = howFar(told);
      bar.setAttribute("aria-valuetext", about.textContent);
    },
    /** Whether this was not known before: a row that is shown already stays, and keeps the focus if it has it. */
    end(row) {
      const name = key(row.userId);
      if (over.has(name)) return false;
      over.add(name);
      const before = rows.get(name);
      if (before) before.replaceWith(ended(row));
      else list.append(ended(row));
      return true;
    },
    finish(words, took) {
      title.replaceChildren(...words);
      about.textContent = took;
      bar.remove();
    },
  };
}

function waiting(userId) {
  return el(
    "li",
    { class: "waiting" },
    avatar(userId, "participant"),
    el("div", { class: "row-words" }, el("strong", {}, named(userId)), el("p", {}, "Waits for its turn.")),
    chip("plain", "Waiting", "clock"),
  );
}

const REFUSALS = new Set(["zoom_user_not_found", "zoom_refused", "zoom_scope_missing", "zoom_credentials_rejected"]);

function outcomeChip(done, code) {
  if (done) return chip("good", "Delivered", "check");
  if (code === "not_connected") return chip("warn", "Not connected", "warn");
  return chip("bad", REFUSALS.has(code) ? "Refused by Zoom" : "Failed", "warn");
}

function ended({ userId, status, sessions, code }) {
  const done = status === "delivered";
  const { what, then } = plainly(code);
  const about = done
    ? `Handed to ${sessions} ${sessions === 1 ? "connection" : "connections"}`
    : `${what} ${then}`;
  const pane = paneOf(userId, "participant");
  const connect = () => pane.connect();
  return el(
    "li",
    { class: done ? "done" : "failed" },
    avatar(userId, "participant"),
    el("div", { class: "row-words" }, el("strong", {}, named(userId)), el("p", {}, about)),
    !done && code === "not_connected" && pane && !pane.isOpen
      ? button("Connect", { icon: "plug", label: `Connect ${userId}`, onclick: connect })
      : null,
    outcomeChip(done, code),
  );
}
