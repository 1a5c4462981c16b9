// The one button: runs a whole distribution from the host's card and shows how it goes and how it ended, row by row.

import { lacks } from "./credential.js";
import { announce, avatar, byId, el, fill, shortly, svg } from "./dom.js";
import { allPanes, arrange, paneOf } from "./panes.js";
import { howFar, progress } from "./progress.js";
import { change, key, note, spaced, state, watch } from "./state.js";
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
    hold: byId("hold").checked,
  };
  const busy = (on) => {
    run.setAttribute("aria-disabled", String(on));
    run.firstChild.textContent = on ? "Distributing…" : "Run it again";
  };
  busy(true);
  announce("Distributing");
  for (const pane of allPanes()) pane.expect();
  const started = performance.now();
  let view = null;
  const show = (told) => {
    if (!view) begin((view = progress(asked.participantUserIds, () => cancel(host.hub, id, view))));
    id = told.distributionId;
    note(told);
    for (const row of told.participants) showRow(view, row);
  };
  let id;
  const onProgress = (told) => {
    const first = !view;
    show(told);
    view.move(told);
    if (first && told.etaSeconds > 0) announce(`Distributing: ${howFar(told)}`);
  };
  try {
    const code = lacks(state.hostUserId);
    if (code) throw Object.assign(new Error(), { code });
    if (host.hub.state === "idle" || host.hub.state === "closed") await host.connect();
    const outcome = await host.hub.distribute(asked, { onProgress });
    show(outcome);
    showOutcome(view, outcome, performance.now() - started);
    follow(host.hub, view, id);
  } catch (error) {
    host.refuse(error);
    showRefused(error, view ? "How it ended is not known" : "Nothing was distributed");
  } finally {
    busy(false);
  }
}

/** A row stands otherwise. Its card is told once: what it shows later, such as a token got since, stays. */
function showRow(view, row) {
  if (!view.change(row)) return;
  const pane = paneOf(row.userId, "participant");
  if (row.status === "failed") pane?.refuse(row);
  if (row.status === "pending") pane?.expectOwner();
}

/** Shows a distribution in the place of the one before, as it goes. */
function begin(view) {
  fill(byId("outcome"), view.parts);
  reveal(byId("outcome"));
}

function showOutcome(view, outcome, ms) {
  view.stand(outcome, `in ${shortly(ms)}`);
  reveal(byId("outcome"));
  const { total, successful, pending, participants } = outcome;
  const failures = participants
    .filter(({ status }) => status === "failed")
    .map(({ userId, code }) => `${userId}: ${plainly(code).what}`);
  const awaited = pending ? [`${pending} awaited.`] : [];
  announce([`Finished: ${successful} of ${total} have their token.`, ...awaited, ...failures].join(" "));
}

/** Rows go on changing: who was away arrives, and who has a token confirms it. */
function follow(hub, view, id) {
  const onProgress = ({ total, delivered, pending, participants }) => {
    if (!view.parts[0].isConnected) return;
    for (const row of participants) showRow(view, row);
    if (view.stand({ total, successful: delivered, pending })) announce(`${delivered} of ${total} have their token`);
  };
  const stands = (now) => onProgress({ ...now, delivered: now.successful });
  // Where it can't be followed, the rows stay as they were at the outcome.
  hub.distribution(id, { follow: true, onProgress }).then(stands, () => {});
}

/** Nobody is waited for any more. */
async function cancel(hub, id, view) {
  try {
    const cancelled = await hub.cancel(id);
    for (const row of cancelled.participants) showRow(view, row);
    view.stand(cancelled);
    announce("Cancelled");
  } catch (error) {
    view.say(plainly(error.code).what);
    announce(plainly(error.code).what);
  }
}

function showRefused(error, title) {
  const { what, then } = plainly(error.code);
  const section = byId("outcome");
  fill(
    section,
    el("div", { class: "outcome-head" }, el("h2", { id: "outcome-title" }, title)),
    el(
      "div",
      { class: "refusal" },
      svg("warn"),
      el("div", {}, el("strong", {}, what), el("p", {}, then), el("p", { class: "said" }, detail(error.message))),
    ),
  );
  reveal(section);
  announce(`${title}. ${what} ${then}`);
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
