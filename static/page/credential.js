// What this page shows for itself where the hub asks for a credential (`jwt` mode). It is pasted here and lives in this
// file's memory alone: not in the address, not in what the browser keeps, not in `state`; a reload forgets it. What it
// says of itself is read to tell people; whether it is true is for the hub to judge.

import { announce, avatar, button, byId, chip, copy, el, fill, iconButton, named, svg } from "./dom.js";
import { change, sameUser, spaced, state, watch } from "./state.js";
import { countDown } from "./tokens.js";
import { plainly } from "./words.js";

/** For so long the hub takes a credential after its own end. */
const LEEWAY_MS = 60_000;

const COMMAND = "zoom-token-hub token --user host@example.com --role service";

/** The credential itself. */
let text = null;
/** Why the hub takes it no more, as a code. */
let spent = null;
let onOther = () => {};

/** Whether the hub wants one. */
export function asks() {
  return state.auth === "jwt";
}

/** What a call shows in its header, if anything. */
export function authorization() {
  return asks() && text !== null ? { Authorization: `Bearer ${text}` } : {};
}

/** What a connection shows; null: it stays away. */
export async function getCredential() {
  return spent === null ? text : null;
}

/** The hub has ended a connection for what this page shows. */
export function spend(code) {
  if (text === null || spent !== null) return;
  spent = code;
  change({});
}

/** Why nobody can connect as this user, as a code; null: they can. Without a user: as the credential's own. */
export function lacks(userId) {
  if (!asks()) return null;
  if (text === null) return "no_credential";
  if (spent !== null) return spent;
  if (state.credential.ends + LEEWAY_MS <= Date.now()) return "credential_expired";
  const { sub, role } = state.credential;
  return userId === undefined || role === "service" || sameUser(sub, userId) ? null : "other_credential";
}

/** What a credential says of itself, or a sentence on why it is none. */
function read(pasted) {
  const parts = pasted.split(".");
  const claims = parts.length === 3 ? payload(parts[1]) : null;
  if (!claims) return "That is no credential: it is a JWT, three parts with dots between them.";
  const { sub, exp, role = "participant", meetings } = claims;
  if (typeof sub !== "string" || !Number.isFinite(exp)) return "That names no user (sub) or no end (exp).";
  const listed = Array.isArray(meetings) ? meetings.map(String) : null;
  // By the hub's clock where it told the time, for this machine's may be wrong.
  const ends = exp * 1000 + state.ahead;
  if (ends + LEEWAY_MS <= Date.now()) return "It has expired already: get a fresh one.";
  return { sub, role: String(role), meetings: listed, ends };
}

function payload(part) {
  try {
    const bytes = Uint8Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (byte) => byte.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === "object" ? claims : null;
  } catch {
    return null;
  }
}

/** Builds its place on the page. `onChange` is called once there is another, or none. */
export function credential(into, onChange) {
  onOther = onChange;
  watch(() => show(into));
  show(into);
}

function use(pasted) {
  const found = read(pasted);
  if (typeof found === "string") return found;
  text = pasted;
  spent = null;
  change({ credential: found });
  onOther();
  announce(`The credential of ${found.sub} is in use`);
  return "";
}

function forget() {
  text = null;
  spent = null;
  change({ credential: null });
  onOther();
  announce("The credential is forgotten");
}

let told = null;

function show(into) {
  const now = JSON.stringify([asks(), state.credential, spent]);
  if (now === told) return;
  told = now;
  into.hidden = !asks();
  if (!asks()) return;
  fill(into, ...(state.credential ? held(state.credential) : missing()));
}

function missing() {
  return [
    el("div", { class: "credential-words" }, title("This hub asks who you are"), el("p", {}, KEPT)),
    form("Use it"),
    hint(),
  ];
}

const KEPT = "Paste a credential: everything on this page then runs with it. It stays in this page’s memory, and a reload forgets it.";

function title(words) {
  return el("h2", { id: "credential-title", tabindex: "-1" }, svg("lock"), words);
}

function form(word) {
  const field = el("input", { type: "password", autocomplete: "off", spellcheck: "false", "aria-describedby": "credential-error" });
  const wrong = el("p", { class: "error-text", id: "credential-error", role: "alert" });
  const made = el(
    "form",
    { class: "credential-form", novalidate: true, autocomplete: "off" },
    el("label", {}, "Credential (a JWT)", field),
    el("button", { type: "submit", class: "accent" }, word),
    wrong,
  );
  made.addEventListener("submit", (submitted) => {
    submitted.preventDefault();
    const pasted = field.value.replace(/^\s*bearer\s+/i, "").replace(/\s/g, "");
    field.value = "";
    const complaint = pasted === "" ? "Paste one first." : use(pasted);
    wrong.textContent = complaint;
    if (complaint) field.focus();
    else byId("credential-title").focus();
  });
  return made;
}

/** How to get one while developing. */
function hint() {
  const copying = iconButton("copy", "Copy the command");
  copying.addEventListener("click", () => copy(COMMAND, copying));
  return el(
    "div",
    { class: "credential-hint" },
    el("p", {}, "Yours comes from your own backend. For development this prints one, good for everybody:"),
    el("div", { class: "command" }, el("code", {}, COMMAND), copying),
  );
}

function held({ sub, role, meetings, ends }) {
  const forgetting = button("Forget it", { onclick: () => {
    forget();
    byId("credential-title").focus();
  } });
  const serves = role === "service" ? "Good for everybody on this page." : "Good for this user alone.";
  return [
    el("div", { class: "credential-words" }, title("Credential"), el("p", {}, serves)),
    el(
      "div",
      { class: "credential-whose" },
      avatar(sub, role === "host" ? "host" : "participant"),
      el("strong", {}, named(sub)),
      chip("plain", role),
      el("span", { class: "meta" }, meetings === null ? "Any meeting" : allowed(meetings)),
    ),
    spent === null ? life(ends, forgetting) : over(forgetting),
    el("details", { open: spent !== null }, el("summary", {}, "Use another"), form("Use this one"), hint()),
  ];
}

function allowed(meetings) {
  if (meetings.length === 0) return "No meeting";
  return `${meetings.length === 1 ? "Meeting" : "Meetings"} ${meetings.map(unbroken).join(", ")}`;
}

const unbroken = (meetingId) => spaced(meetingId).replaceAll(" ", "\u00a0");

function life(ends, forgetting) {
  const left = el("span", { class: "left" });
  const isFar = ends - Date.now() > 86_400_000;
  const style = isFar ? { dateStyle: "medium", timeStyle: "short" } : { timeStyle: "medium" };
  const until = el("span", { class: "meta" }, `until ${new Date(ends).toLocaleString([], style)}`);
  const card = el("div", { class: "token" }, el("div", { class: "countdown" }, svg("clock"), left, until, forgetting));
  countDown({ card, left, ends, life: ends - Date.now() });
  return card;
}

/** In the countdown's place, once the hub takes it no more. */
function over(forgetting) {
  const { what, then } = plainly(spent);
  return el("div", { class: "refusal" }, svg("warn"), el("div", {}, el("strong", {}, what), el("p", {}, then), forgetting));
}
