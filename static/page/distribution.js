// The one button: runs a whole distribution from the host's card and shows how it goes and how it ended, row by row.

import { lacks } from "./credential.js";
import { announce, avatar, byId, el, fill, shortly, svg } from "./dom.js";
import { allPanes, arrange, paneOf } from "./panes.js";
import { howFar, progress } from "./progress.js";
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
  let view = null;
  const show = (told) => {
    if (!view) begin((view = progress(asked.participantUserIds)));
    for (const row of told.participants) end(view, row);
  };
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
  } catch (error) {
    host.refuse(error);
    showRefused(error, view ? "How it ended is not known" : "Nothing was distributed");
  } finally {
    busy(false);
  }
}

/** A row has ended. It is told once: what its card shows later, such as a token got since, stays. */
function end(view, row) {
  if (view.end(row) && row.status === "failed") paneOf(row.userId, "participant")?.refuse(row);
}

/** Shows a distribution in the place of the one before, as it goes. */
function begin(view) {
  fill(byId("outcome"), view.parts);
  reveal(byId("outcome"));
}

function showOutcome(view, { total, successful, participants }, ms) {
  view.finish(
    [el("span", { class: "big" }, `${successful} of ${total}`), " have their token"],
    `in ${shortly(ms)}`,
  );
  reveal(byId("outcome"));
  const failed = total - successful;
  const failures = participants
    .filter(({ status }) => status === "failed")
    .map(({ userId, code }) => `${userId}: ${plainly(code).what}`);
  announce(`Finished: ${successful} of ${total} have their token${failed ? `. ${failures.join(" ")}` : ""}`);
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
