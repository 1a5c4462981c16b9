// The participant’s view: who they are, whether they are connected, and a card for each of their meetings. The tokens come
// by themselves: all there is to do is to wait, to use one, and to say so.

import { connection, drop, hasRoomFor } from "../carriers.js";
import { asks, lacks } from "../credential.js";
import { announce, avatar, button, byId, chip, el, fill, named, svg } from "../dom.js";
import { isSimulated, refreshHealth } from "../http.js";
import { Invitation } from "./invitation.js";
import { record } from "../log.js";
import { sameUser, state } from "../state.js";
import { detailOf, onEnter, setDetail } from "../views.js";
import { detail, plainly, whyClosed } from "../words.js";

/** The connection, while the view is shown and it is known whose it is. */
let hub = null;
let userId = "";
/** Why the hub doesn’t take this user for one, if it doesn’t. */
let trouble = null;
/** Whether the hub has said what it has for the user. */
let isGreeted = false;
let wasOffline = false;
/** Why the connection went; an attempt that fails since says less. */
let why = null;
/** The meetings’ cards, by meeting. */
const invitations = new Map();
const parts = {};

/** Builds the view. */
export function participant(into) {
  parts.view = into;
  parts.title = el("h1", { tabindex: "-1" }, "Your meeting token");
  parts.who = el("div", { class: "me" });
  parts.chip = el("span", { class: "slot" });
  parts.notice = el("div", { class: "participant-notice" });
  parts.stage = el("div", { class: "stage" });
  parts.list = el("div", { class: "invitations" });
  fill(into, parts.title, parts.who, parts.notice, parts.stage, parts.list);
  onEnter("participant", enter);
  // Whoever leaves for another view leaves the hub, too: what is distributed then is for the user’s other connections.
  new MutationObserver(() => into.hidden && part()).observe(into, { attributeFilter: ["hidden"] });
  setInterval(tick, 500);
  return { identify };
}

/** Whose view it is: the credential says so, unless it is good for everybody; then it is said here. */
function whose(named) {
  if (asks() && state.credential?.role !== "service") return state.credential?.sub ?? "";
  return named || userId;
}

function enter(named) {
  const wanted = whose(named);
  if (hub && sameUser(wanted, userId)) return setDetail("participant", userId);
  part();
  if (!sameUser(wanted, userId)) clear();
  userId = wanted;
  if (userId) setDetail("participant", userId);
  if (userId && !lacks(userId)) connect();
  show();
}

/** The page has another credential, or none: another’s tokens are no longer shown. */
function identify() {
  part();
  trouble = null;
  if (lacks(userId || undefined)) {
    clear();
    userId = "";
  }
  if (!parts.view.hidden) enter(detailOf("participant"));
}

/** Somebody else sits here. */
function dismiss(error = "") {
  const before = error ? userId : "";
  part();
  clear();
  userId = "";
  setDetail("participant", "");
  show();
  fill(parts.stage, form(error, before));
  parts.stage.querySelector("input").focus();
}

function clear() {
  trouble = null;
  for (const meetingId of [...invitations.keys()]) withdraw(meetingId);
}

function withdraw(meetingId) {
  invitations.get(meetingId).element.remove();
  invitations.delete(meetingId);
}

/** Ends the connection. What is on the cards stays. */
function part() {
  const before = hub;
  hub = why = null;
  isGreeted = wasOffline = false;
  if (before) drop(before);
}

function connect() {
  trouble = null;
  if (!hub) listen((hub = connection({ heartbeatSeconds: 15 })));
  const mine = hub;
  if (hasRoomFor(mine)) {
    // Whether it opens is seen at its state; who is authenticated waits for that.
    mine.connect().catch(() => {});
    mine.authenticate(userId).catch((error) => {
      // Where the connection has ended, that is said already.
      if (hub === mine && mine.state === "open") refuse(error);
    });
  } else trouble = { code: "too_many_polling" };
  show();
}

/** The hub doesn’t take this user. */
function refuse(error) {
  const { what, then } = plainly(error.code);
  if (error.code === "invalid_user_id" && mayChoose()) return dismiss(`${what} ${then}`);
  trouble = error;
  announce(`${what} ${then}`);
  show();
}

function mayChoose() {
  return !asks() || state.credential?.role === "service";
}

function listen(made) {
  const on = (event, act) => made.on(event, (data) => hub === made && act(data));
  on("state", moved);
  on("authenticated", greet);
  on("meeting:credentials", receive);
  const mine = userId;
  made.on("frame", (sent) => {
    if (!HEARTBEATS.has(sent.frame?.event)) record(mine, sent);
  });
}

/** They would bury the rest of the log. */
const HEARTBEATS = new Set(["ping", "pong"]);

/** Lost, and coming back by itself. Before the first attempt has failed it is just connecting. */
function isOffline() {
  return ["waiting", "connecting"].includes(hub?.state) && hub.lastClose?.then === "wait";
}

function moved() {
  const offline = isOffline();
  if (hub.state === "open") why = null;
  else if (!why || hub.lastClose?.code !== 1006) why = hub.lastClose;
  if (offline && !wasOffline) announce("You’re offline. This page reconnects by itself.");
  if (wasOffline && hub.state === "open") announce("You’re back online");
  // A refusal that the connection ends with is said already, with what to do.
  if (hub.state === "closed" && !trouble) announce(`You’re no longer connected. ${whyClosed(hub.lastClose)}`);
  // The top of the page says the same then.
  if (offline !== wasOffline) refreshHealth();
  wasOffline = offline;
  show();
}

/** What the hub has for the user, the newest first: a token that isn’t on its way by itself is asked for. */
function greet({ meetings = [] }) {
  const told = new Set(meetings.map(({ meetingId }) => meetingId));
  for (const [meetingId, card] of [...invitations]) if (card.isPromise && !told.has(meetingId)) withdraw(meetingId);
  for (const { meetingId, status } of meetings.toReversed()) invitationTo(meetingId).stands(status, hub);
  if (!isGreeted && invitations.size === 0) announce("Connected. Waiting for your host.");
  isGreeted = true;
  show();
}

function receive(told) {
  const card = invitationTo(told.meetingId);
  card.servedBy = hub;
  // A distribution’s is news; a fresh one leaves its card where it is. Moving what has the focus would take it away.
  const isNews = told.deliveryId !== undefined && parts.list.firstChild !== card.element;
  if (isNews && !card.element.contains(document.activeElement)) parts.list.prepend(card.element);
  card.take({ ...told, simulated: told.simulated === true || isSimulated() });
  show();
}

function invitationTo(meetingId) {
  if (!invitations.has(meetingId)) {
    const card = new Invitation(meetingId, userId, {
      ask: async () => {
        if (!hub) throw Object.assign(new Error(), { code: lacks(userId) ?? "connection_closed" });
        return hub.join({ meetingId, participantUserId: userId });
      },
      use: () => hub?.used(meetingId),
    });
    invitations.set(meetingId, card);
    parts.list.prepend(card.element);
  }
  return invitations.get(meetingId);
}

function tick() {
  for (const card of invitations.values()) card.tick();
  if (isOffline()) parts.next.textContent = nextAttempt();
}

function nextAttempt() {
  if (hub.state === "connecting") return "Trying now…";
  return `Next try in ${Math.max(0, Math.ceil((hub.retryAt - Date.now()) / 1000))} s.`;
}

function show() {
  swap(parts.who, JSON.stringify([userId, mayChoose()]), me);
  swap(parts.chip, hub?.state ?? "idle", () => chip(...CONNECTION[hub?.state ?? "idle"]));
  swap(parts.notice, ...notice());
  swap(parts.stage, ...stage());
  if (isOffline()) parts.next.textContent = nextAttempt();
}

/** Shows something else in the slot, if it is something else. A focus that was there goes on to what comes after. */
function swap(slot, key, make) {
  if (slot.dataset.shows === key) return;
  const had = slot.contains(document.activeElement);
  slot.dataset.shows = key;
  fill(slot, make?.());
  if (had) (slot.querySelector("button, input") ?? parts.title).focus({ preventScroll: true });
}

function me() {
  if (!userId) return [];
  const other = button("Not you?", { class: "quiet", label: `Not you? Wait as somebody other than ${userId}`, onclick: () => dismiss() });
  return [avatar(userId, "participant"), el("strong", {}, named(userId)), parts.chip, mayChoose() ? other : null];
}

const CONNECTION = {
  idle: ["plain", "Not connected"],
  connecting: ["busy", "Connecting"],
  open: ["good", "Connected"],
  waiting: ["warn", "Offline"],
  closed: ["plain", "Not connected"],
};

/** What is said above the cards: nothing, while all is well. */
function notice() {
  const isAway = !hub || hub.state === "closed";
  const lacking = userId && isAway ? lacks(userId) : null;
  if (lacking) return [`lacking ${lacking}`, () => noted("refusal mild", "lock", plainly(lacking), toCredential())];
  if (trouble) return [`trouble ${trouble.code}`, refused];
  if (hub?.state === "closed") return [`closed ${hub.lastClose.code}`, sentAway];
  return isOffline() ? [`offline ${whyClosed(why)}`, offline] : [""];
}

function noted(kind, icon, { what, then }, ...more) {
  return el("div", { class: kind }, svg(icon), el("div", {}, el("strong", {}, what), el("p", {}, then), more));
}

function refused() {
  const said = detail(trouble.error ?? trouble.message);
  const again = button("Try again", { icon: "fresh", onclick: connect });
  return noted("refusal", "warn", plainly(trouble.code), said ? el("p", { class: "said" }, said) : null, again);
}

function sentAway() {
  const words = { what: "You’re no longer connected", then: whyClosed(hub.lastClose) };
  return noted("refusal", "plug", words, button("Connect again", { icon: "plug", onclick: connect }));
}

function offline() {
  parts.next = el("span", { class: "next" });
  const now = button("Reconnect now", { icon: "plug", onclick: () => hub.connect().catch(() => {}) });
  return noted("refusal mild", "offline", { what: "You’re offline", then: `${whyClosed(why)} What is on this page stays.` }, parts.next, now);
}

/** What stands where the cards will be. */
function stage() {
  const lacking = userId ? null : lacks();
  if (lacking) return [`lacking ${lacking}`, () => missing(lacking)];
  if (!userId) return ["form", () => form()];
  const isInTrouble = !hub || hub.state === "closed" || trouble;
  if (isInTrouble || invitations.size > 0) return [""];
  return isGreeted ? ["waiting", waiting] : ["connecting", connecting];
}

function calm(icon, title, ...more) {
  return el("section", { class: "card calm" }, el("div", { class: "calm-icon" }, svg(icon)), el("h2", {}, title), more);
}

function connecting() {
  return calm("plug", "Connecting…", el("p", {}, "This takes a moment."));
}

function waiting() {
  const card = calm(
    "ticket",
    "Waiting for your host",
    el("p", {}, "There’s nothing to do. As soon as your host hands out the tokens, yours comes here by itself."),
    el("p", { class: "meta" }, "Should your phone sleep or the line drop: your token waits until you’re back."),
  );
  card.classList.add("waits");
  return card;
}

function missing(lacking) {
  const { what, then } = plainly(lacking);
  const words = lacking === "no_credential" ? "Paste yours at the top of the page: it says who you are." : then;
  return calm("lock", what, el("p", {}, words), toCredential());
}

function toCredential() {
  return button("Go to the credential", { icon: "lock", class: "accent", onclick: () => byId("credential").querySelector("input").focus() });
}

/** Asks who sits here, where nothing else says so. */
function form(error = "", value = "") {
  const field = el("input", { value, autocomplete: "email", inputmode: "email", autocapitalize: "none", spellcheck: "false", "aria-describedby": "participant-error" });
  const wrong = el("p", { class: "error-text", id: "participant-error", role: "alert" }, error);
  const made = el(
    "form",
    { class: "card who", novalidate: true },
    el("h2", {}, "Who are you?"),
    el("p", {}, "Your host hands out the tokens by name. Say yours, and wait here for your own."),
    el("label", {}, "Zoom user ID or e-mail address", field),
    wrong,
    el("button", { type: "submit", class: "primary" }, "Wait for my token"),
    el("p", { class: "meta" }, "It becomes part of this page’s address, for a reload to find; nothing else is kept."),
  );
  made.addEventListener("submit", (submitted) => {
    submitted.preventDefault();
    wrong.textContent = field.value.trim() ? "" : "Say who you are first.";
    if (wrong.textContent) field.focus();
    else enter(field.value.trim());
  });
  return made;
}
