// The one button: runs a whole distribution from the host's card and shows its outcome, row by row.

import { announce, avatar, byId, button, chip, el, fill, named, shortly, svg } from "./dom.js";
import { allPanes, arrange, paneOf } from "./panes.js";
import { change, key, spaced, state, watch } from "./state.js";
import { detail, plainly } from "./words.js";

/** Puts the button and the plan to work. */
export function distribution(onChange) {
  const run = byId("run");
  run.append(svg("send"));
  run.addEventListener("click", () => distribute(run));
  planForm(onChange);
  watch(showPlan);
  showPlan();
}

async function distribute(run) {
  if (run.getAttribute("aria-disabled") === "true") return;
  const host = paneOf(state.hostUserId, "host");
  const asked = {
    meetingId: state.meetingId,
    hostUserId: state.hostUserId,
    participantUserIds: state.participants.map((person) => person.userId),
  };
  const busy = (on) => {
    run.setAttribute("aria-disabled", String(on));
    run.firstChild.textContent = on ? "Distributing…" : "Run it again";
  };
  busy(true);
  announce("Distributing");
  for (const pane of allPanes()) pane.expect();
  const started = performance.now();
  try {
    if (host.hub.state === "idle" || host.hub.state === "closed") await host.connect();
    const outcome = await host.hub.distribute(asked);
    showOutcome(outcome, performance.now() - started);
  } catch (error) {
    host.refuse(error);
    showRefused(error);
  } finally {
    busy(false);
  }
}

function showOutcome({ total, successful, participants }, ms) {
  const section = byId("outcome");
  const rows = participants.map(row);
  for (const failed of participants.filter(({ status }) => status === "failed")) {
    paneOf(failed.userId, "participant")?.refuse(failed);
  }
  fill(
    section,
    el(
      "div",
      { class: "outcome-head" },
      el("h2", { id: "outcome-title" }, el("span", { class: "big" }, `${successful} of ${total}`), " have their token"),
      el("p", {}, `in ${shortly(ms)}`),
    ),
    el("ul", { class: "rows" }, rows),
  );
  reveal(section);
  const failed = total - successful;
  const failures = participants
    .filter(({ status }) => status === "failed")
    .map(({ userId, code }) => `${userId}: ${plainly(code).what}`);
  announce(`Finished: ${successful} of ${total} have their token${failed ? `. ${failures.join(" ")}` : ""}`);
}

const REFUSALS = new Set(["zoom_user_not_found", "zoom_refused", "zoom_scope_missing", "zoom_credentials_rejected"]);

function outcomeChip(done, code) {
  if (done) return chip("good", "Delivered", "check");
  if (code === "not_connected") return chip("warn", "Not connected", "warn");
  return chip("bad", REFUSALS.has(code) ? "Refused by Zoom" : "Failed", "warn");
}

function row({ userId, status, sessions, code }) {
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

function showRefused(error) {
  const { what, then } = plainly(error.code);
  const section = byId("outcome");
  fill(
    section,
    el("div", { class: "outcome-head" }, el("h2", { id: "outcome-title" }, "Nothing was distributed")),
    el(
      "div",
      { class: "refusal" },
      svg("warn"),
      el("div", {}, el("strong", {}, what), el("p", {}, then), el("p", { class: "said" }, detail(error.message))),
    ),
  );
  reveal(section);
  announce(`Nothing was distributed. ${what} ${then}`);
}

/** Brings the outcome into sight; the focus stays on the button. */
function reveal(section) {
  section.hidden = false;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  section.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
}

function showPlan() {
  const { meetingId, hostUserId, participants } = state;
  const person = (userId, role) => el("span", { class: "person" }, avatar(userId, role), userId);
  fill(
    byId("plan"),
    el("dt", {}, "Meeting"),
    el("dd", { class: "meeting" }, spaced(meetingId)),
    el("dt", {}, "Host"),
    el("dd", {}, person(hostUserId, "host")),
    el("dt", {}, `${participants.length} participants`),
    el("dd", {}, participants.map(({ userId }) => person(userId, "participant"))),
  );
}

function planForm(onChange) {
  const form = byId("plan-form");
  form.elements.meetingId.value = state.meetingId;
  form.elements.hostUserId.value = state.hostUserId;
  form.elements.participants.value = state.participants.map((person) => person.userId).join("\n");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const meetingId = form.elements.meetingId.value.trim();
    const hostUserId = form.elements.hostUserId.value.trim();
    const named = form.elements.participants.value.split(/[\n,;]+/).map((name) => name.trim()).filter(Boolean);
    const unique = [...new Map(named.map((userId) => [key(userId), userId])).values()];
    const wrong =
      !/^\d{9,11}$/.test(meetingId.replace(/[\s-]/g, "")) ? "A meeting ID is 9 to 11 digits."
      : !hostUserId ? "Name the host."
      : unique.length === 0 ? "Name at least one participant."
      : unique.length > 24 ? "This page opens a connection for each participant: 24 at most."
      : "";
    byId("plan-error").textContent = wrong;
    if (wrong) return;
    const known = new Map(state.participants.map((person) => [key(person.userId), person]));
    const participants = unique.map((userId) => ({ ...known.get(key(userId)), userId }));
    change({ meetingId, hostUserId, participants });
    arrange(byId("panes"), onChange);
    byId("change").open = false;
    byId("change").querySelector("summary").focus();
    announce(`Ready for ${unique.length} participants`);
  });
}
