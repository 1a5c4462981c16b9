// A distribution on show: a bar and about how long is left, and a row for each participant, which goes on changing after
// the outcome: who was away arrives, and who has a token confirms it.

import { avatar, button, chip, el, named } from "./dom.js";
import { paneOf } from "./panes.js";
import { key } from "./state.js";
import { plainly } from "./words.js";

/** `3 of 5, about 7 s left`. */
export function howFar({ done, total, etaSeconds }) {
  const left = etaSeconds >= 90 ? `${Math.round(etaSeconds / 60)} min` : `${etaSeconds} s`;
  return `${done} of ${total}${done < total && etaSeconds > 0 ? `, about ${left} left` : ""}`;
}

/**
 * One distribution: `move` takes each progress until the outcome, `change` a row, and `stand` says how it stands once
 * there is an outcome. `cancel` is called by a button, while there is something to cancel.
 */
export function progress(userIds, cancel) {
  const title = el("h2", { id: "outcome-title", tabindex: "-1" }, "Distributing…");
  const about = el("p", {});
  const stop = button("Cancel", { class: "quiet", label: "Cancel the distribution", hidden: true, onclick: cancel });
  const offer = (isOpen) => {
    const had = stop === document.activeElement;
    stop.hidden = !isOpen;
    if (had && !isOpen) title.focus();
  };
  const bar = el("progress", { max: userIds.length, value: 0, "aria-label": "Progress of the distribution" });
  const rows = new Map(userIds.map((userId) => [key(userId), waiting(userId)]));
  const list = el("ul", { class: "rows" }, [...rows.values()]);
  const known = new Map();
  return {
    parts: [el("div", { class: "outcome-head" }, title, about, stop), bar, list],
    move(told) {
      bar.max = told.total;
      bar.value = told.done;
      about.textContent = howFar(told);
      bar.setAttribute("aria-valuetext", about.textContent);
      offer(true);
    },
    /** Whether it stands otherwise than before: one that doesn't stays, and keeps the focus if it has it. */
    change(row) {
      const name = key(row.userId);
      if (known.get(name) === row.status) return false;
      known.set(name, row.status);
      const [before, now] = [rows.get(name), standing(row)];
      const had = before?.contains(document.activeElement);
      if (before) before.replaceWith(now);
      else list.append(now);
      rows.set(name, now);
      if (had) now.focus();
      return true;
    },
    /** Whether more or fewer have a token than before. */
    stand({ total, successful, pending }, took) {
      const before = title.textContent;
      title.replaceChildren(el("span", { class: "big" }, `${successful} of ${total}`), " have their token");
      about.textContent = [took, pending ? `${pending} awaited` : ""].filter(Boolean).join(" · ");
      bar.remove();
      offer(pending > 0);
      return title.textContent !== before;
    },
    /** What came of the button, if it did nothing. */
    say(words) {
      about.textContent = words;
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

const CLASSES = { pending: "pending", delivered: "done", acknowledged: "done", failed: "failed" };

/** Why there is no token, where connecting would have helped. */
const ABSENCES = new Set(["not_connected", "hold_expired", "hold_full"]);

function standingChip(status, code) {
  if (status === "acknowledged") return chip("good", "Confirmed", "check");
  if (status === "delivered") return chip("good", "Delivered", "check");
  if (status === "pending") return chip("plain", "Awaited", "clock");
  if (ABSENCES.has(code)) return chip("warn", "Not connected", "warn");
  if (code === "cancelled") return chip("plain", "Cancelled", "warn");
  return chip("bad", REFUSALS.has(code) ? "Refused by Zoom" : "Failed", "warn");
}

function words({ status, sessions, code }) {
  const handed = `Handed to ${sessions} ${sessions === 1 ? "connection" : "connections"}`;
  if (status === "acknowledged") return `${handed}, and confirmed`;
  if (status === "delivered") return handed;
  if (status === "pending") return "Not here yet: gets a token on arrival.";
  const { what, then } = plainly(code);
  return `${what} ${then}`;
}

function standing(row) {
  const { userId, status, code } = row;
  const pane = paneOf(userId, "participant");
  const isAway = (status === "pending" || ABSENCES.has(code)) && pane && !pane.isOpen;
  return el(
    "li",
    { class: CLASSES[status], tabindex: "-1" },
    avatar(userId, "participant"),
    el("div", { class: "row-words" }, el("strong", {}, named(userId)), el("p", {}, words(row))),
    isAway ? button("Connect", { icon: "plug", label: `Connect ${userId}`, onclick: () => pane.connect() }) : null,
    standingChip(status, code),
  );
}
