// One token on show: masked until revealed, copied on request, counted down to its end. It lives in this element's
// closure alone and goes with it.

import { button, copy, el, iconButton, svg } from "./dom.js";

const shown = new Set();
setInterval(tick, 1000);
document.addEventListener("visibilitychange", tick);

/** What of a token may be seen without asking. */
export function masked(token) {
  return `${token.slice(0, 6)}${"•".repeat(14)}${token.slice(-4)}`;
}

/**
 * A token's card.
 * @param {{ kind: "ZAK" | "OBF", token: string, userId: string, expiresAt: string, timestamp?: string,
 *   simulated?: boolean, onFresh: () => void }} what
 */
export function tokenCard({ kind, token, userId, expiresAt, timestamp, simulated, onFresh }) {
  let revealed = false;
  const text = el("code", { class: "token-text" }, masked(token));
  const reveal = iconButton("eye", `Reveal the token of ${userId}`, { "aria-pressed": "false" });
  reveal.addEventListener("click", () => {
    revealed = !revealed;
    text.textContent = revealed ? token : masked(token);
    reveal.setAttribute("aria-pressed", String(revealed));
    reveal.replaceChildren(svg(revealed ? "hide" : "eye"));
  });
  const copying = iconButton("copy", `Copy the token of ${userId}`);
  copying.addEventListener("click", () => copy(token, copying));
  const fresh = button("Get a fresh one", { icon: "fresh", label: `Get a fresh one for ${userId}`, onclick: onFresh });

  const left = el("span", { class: "left" });
  const bar = el("span", { class: "bar", "aria-hidden": "true" }, el("i"));
  const card = el(
    "div",
    { class: "token" },
    el(
      "div",
      { class: "token-head" },
      el("span", { class: "kind", title: KINDS[kind] }, `${kind} token`),
      simulated ? simulatedBadge() : null,
    ),
    el("div", { class: "token-box" }, text, reveal, copying, bar),
    el("div", { class: "countdown" }, svg("clock"), left, fresh),
  );
  // By the hub's clock where it told the time, for this machine's may be wrong.
  const life = Date.parse(expiresAt) - (timestamp ? Date.parse(timestamp) : Date.now());
  countDown({ card, left, bar, fresh, life, ends: Date.now() + life });
  return card;
}

/** Counts down in `left`, and says on the card whether the end is near. `bar` and `fresh` are the token's alone. */
export function countDown(one) {
  shown.add(one);
  tick();
}

const KINDS = {
  ZAK: "Zoom access key: lets its holder start the meeting as the host",
  OBF: "On-behalf-of token: lets its holder join this meeting as this participant",
};

export function simulatedBadge() {
  return el("span", { class: "badge simulated" }, "Simulated: opens no meeting");
}

function tick() {
  for (const token of shown) {
    const { card, left, bar, fresh, life, ends } = token;
    const ms = ends - Date.now();
    left.textContent = ms > 0 ? `${clock(ms)} left` : "Expired";
    bar?.style.setProperty("--share", String(Math.max(0, Math.min(1, ms / life))));
    card.classList.toggle("soon", ms > 0 && ms < Math.min(300_000, life / 5));
    card.classList.toggle("expired", ms <= 0);
    fresh?.classList.toggle("accent", ms <= 0);
    // One that was never put on the page yet is not gone.
    if (token.seen && !card.isConnected) shown.delete(token);
    token.seen ||= card.isConnected;
  }
}

function clock(ms) {
  const seconds = Math.ceil(ms / 1000);
  if (seconds >= 172_800) return `${Math.floor(seconds / 86_400)} days`;
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0"));
  return seconds >= 3600 ? `${Math.floor(seconds / 3600)}:${parts.join(":")}` : parts.join(":");
}

const TOKEN_FIELDS = new Set(["zakToken", "obfToken"]);

/** The same value with every token in it masked: for the log, and for answers until they are revealed. */
export function withoutTokens(value) {
  if (Array.isArray(value)) return value.map(withoutTokens);
  if (value === null || typeof value !== "object") return value;
  const fields = Object.entries(value).map(([name, field]) => {
    const isToken = TOKEN_FIELDS.has(name) && typeof field === "string";
    return [name, isToken ? masked(field) : withoutTokens(field)];
  });
  return Object.fromEntries(fields);
}

/** Whether there is a token anywhere in it. */
export function holdsToken(value) {
  if (value === null || typeof value !== "object") return false;
  return Object.entries(value).some(([name, field]) => TOKEN_FIELDS.has(name) || holdsToken(field));
}
