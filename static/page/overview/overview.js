// The operators’ view: how the hub does at this moment. It is asked every two seconds, while somebody looks.

import { asks, lacks } from "../credential.js";
import { announce, chip, el, fill, svg } from "../dom.js";
import { call, isSimulated, refreshHealth } from "../http.js";
import { Sparkline } from "./sparkline.js";
import { state } from "../state.js";
import { isShown, onEnter } from "../views.js";
import { plainly } from "../words.js";

const EVERY_MS = 2000;
/** An answer that takes longer than this is told as none; it counts all the same when it comes. */
const PATIENCE_MS = 8000;
/** Two answers further apart than this say nothing of a pace. */
const GAP_SECONDS = 10;
const SPARK_SECONDS = 120;

/** The tiles: what each is called, what it counts, and where that is in the answer. */
const FIGURES = [
  ["Sessions", "connections open", ({ sessions }) => sessions],
  ["Users", "people connected", ({ users }) => users],
  ["Running", "distributions under way", ({ distributions }) => distributions.running],
  ["Queued", "tokens whose turn comes", ({ distributions }) => distributions.queued],
  ["Awaited", "participants not here yet", ({ distributions }) => distributions.pending],
  ["Remembered", "distributions", ({ distributions }) => distributions.remembered],
];

const parts = {};
const spark = new Sparkline({ seconds: SPARK_SECONDS, gapSeconds: GAP_SECONDS });
let isAsking = false;
/** Why there is no answer, in words; empty while there is one. */
let lost = "";
/** The hub’s refusal, which asking again would not change. */
let refusal = null;
/** The last answer, and when it came. */
let last = null;
let lastAt = 0;
/** Counts the credentials, so that an answer to an earlier one’s call is known. */
let turn = 0;

/** Builds the view. */
export function overview(into) {
  parts.chip = el("span", { class: "slot" });
  parts.since = el("p", { class: "meta" });
  parts.notice = el("div", { class: "overview-notice" });
  parts.figures = el("div", { class: "figures", hidden: true }, tiles(), el("div", { class: "panels" }, zoom(), tokens()), errors());
  fill(
    into,
    el("div", { class: "overview-head" }, el("h1", { tabindex: "-1" }, "How the hub is doing"), parts.chip, parts.since),
    parts.notice,
    parts.figures,
  );
  onEnter("overview", begin);
  document.addEventListener("visibilitychange", tick);
  setInterval(tick, EVERY_MS);
  return { identify };
}

function begin() {
  refusal = null;
  tick();
  show();
}

/** The page has another credential, or none: what an earlier one was good for is no longer shown. */
function identify() {
  turn += 1;
  [last, refusal, lost, isAsking] = [null, null, "", false];
  spark.clear();
  if (isShown("overview")) begin();
}

function tick() {
  if (!isShown("overview") || isAsking || refusal) return;
  if (lacking()) show();
  else ask();
}

/** What is lacking to ask at all. */
function lacking() {
  if (!asks()) return null;
  const code = lacks();
  if (code) return plainly(code);
  const { sub, role } = state.credential;
  if (role === "service") return null;
  const then = `They take a credential of role service; this one is ${sub}’s, of role ${role}. Paste another at the top of the page.`;
  return { what: "These figures are for whoever runs the hub.", then };
}

async function ask() {
  const mine = turn;
  isAsking = true;
  const late = setTimeout(() => mine === turn && lose("no_answer"), PATIENCE_MS);
  try {
    const { status, body } = await call("GET", "/api/stats");
    if (mine !== turn) return;
    if (status === 200) take(body);
    else if (status >= 500 || status === 429) lose(body?.code);
    else refuse(body);
  } catch (error) {
    if (mine === turn) lose(error.code ?? "internal");
  } finally {
    clearTimeout(late);
    if (mine === turn) isAsking = false;
  }
}

function refuse({ code, error }) {
  refusal = { ...plainly(code), said: error };
  announce(`${refusal.what} ${refusal.then}`);
  show();
}

/** There is no answer: the figures stay, and are said to be old. */
function lose(code) {
  const isNews = !lost;
  lost = plainly(code).what;
  if (isNews) {
    announce(`${lost} ${asOf()}`);
    refreshHealth();
  }
  show();
}

function asOf() {
  return last ? `The figures are of ${clock(lastAt)}.` : "There are no figures yet.";
}

function take(stats) {
  if (lost) {
    announce("The hub answers again");
    refreshHealth();
  }
  const breaker = last?.zoom.breaker;
  if (breaker && breaker !== stats.zoom.breaker) {
    announce(`Calls to Zoom ${stats.zoom.breaker === "open" ? "are paused" : "go through again"}`);
  }
  const rate = pace(last, stats);
  lost = "";
  last = stats;
  lastAt = Date.now();
  if (rate !== null) spark.add(rate, lastAt);
  draw(stats, rate);
  show();
}

/** Tokens a second between two answers; null where they say nothing of it, as after a restart. */
function pace(before, now) {
  if (!before || now.uptimeSeconds < before.uptimeSeconds) return null;
  const seconds = (Date.parse(now.timestamp) - Date.parse(before.timestamp)) / 1000;
  if (!(seconds > 0) || seconds > GAP_SECONDS) return null;
  return Math.max(0, (minted(now) - minted(before)) / seconds);
}

function minted({ tokens: { zak, obf } }) {
  return zak + obf;
}

// What is said around the figures.

function show() {
  const missing = lacking() ?? refusal;
  const isOld = Date.now() - lastAt > PATIENCE_MS;
  const [kind, word] = missing ? ["plain", "Not asked"] : lost ? ["bad", "No answer"] : isOld ? ["busy", "Asking"] : ["good", "Live"];
  change(parts.chip, word, () => chip(kind, word));
  parts.since.textContent = last && !missing ? `Up for ${span(last.uptimeSeconds)} · as of ${clock(lastAt)}` : "";
  parts.figures.hidden = !last || Boolean(missing);
  parts.figures.classList.toggle("stale", lost !== "");
  if (missing) change(parts.notice, JSON.stringify(missing), () => noted("lock", missing));
  else if (lost) change(parts.notice, lost + lastAt, () => noted("offline", { what: lost, then: `${asOf()} This page keeps asking.` }));
  else change(parts.notice, "");
}

function noted(icon, { what, then, said }) {
  const words = el("div", {}, el("strong", {}, what), el("p", {}, then), said ? el("p", { class: "said" }, said) : null);
  return el("div", { class: "refusal mild" }, svg(icon), words);
}

/** Puts other children in, if they are others: what stays is not drawn anew at each tick. */
function change(slot, key, make) {
  if (slot.dataset.shows === key) return;
  slot.dataset.shows = key;
  fill(slot, make?.());
}

// The figures.

function tiles() {
  parts.tiles = FIGURES.map(() => el("dd", { class: "figure" }));
  parts.rate = el("dd", { class: "figure" });
  parts.peak = el("dd", { class: "meta" });
  const rate = el(
    "div",
    { class: "card tile rate" },
    el("dt", {}, "Tokens a second"),
    parts.rate,
    parts.peak,
    el("dd", { class: "spark-box" }, spark.element, el("span", { class: "meta" }, el("span", {}, "two minutes ago"), el("span", {}, "now"))),
  );
  const others = FIGURES.map(([name, about], index) =>
    el("div", { class: "card tile" }, el("dt", {}, name), parts.tiles[index], el("dd", { class: "meta" }, about)),
  );
  return el("dl", { class: "tiles" }, rate, others);
}

function panel(title, name, ...content) {
  const id = `overview-${name}`;
  return el("section", { class: `card panel ${name}`, "aria-labelledby": id }, el("div", { class: "panel-head" }, el("h2", { id }, title), content[0]), content.slice(1));
}

function zoom() {
  parts.login = el("span", { class: "slot" });
  parts.zoom = ["Calls", "Pace", "Waiting", "Under way"].map((name) => [name, el("dd")]);
  const facts = parts.zoom.map(([name, value]) => el("div", {}, el("dt", {}, name), value));
  return panel("Zoom", "zoom", parts.login, el("dl", { class: "facts" }, facts));
}

function tokens() {
  parts.minted = ["OBF, for participants", "ZAK, for hosts"].map((name) => [name, el("dd")]);
  const facts = parts.minted.map(([name, value]) => el("div", {}, el("dt", {}, name), value));
  return panel("Tokens since the start", "minted", null, el("dl", { class: "facts" }, facts));
}

function errors() {
  parts.errors = el("div", { class: "errors" });
  return panel("Errors since the start", "failures", null, parts.errors);
}

const LOGINS = { connected: ["good", "Logged in"], disconnected: ["bad", "Can’t be reached"], starting: ["busy", "Logging in"] };
const BREAKER = { closed: "Go through", open: "Paused: too many failed. They go on once Zoom answers" };

function draw(stats, rate) {
  for (const [index, [, , of]] of FIGURES.entries()) parts.tiles[index].textContent = many(of(stats));
  parts.rate.textContent = rate === null ? "–" : perSecond(rate);
  parts.peak.textContent = `Highest in two minutes: ${perSecond(spark.highest)}`;
  const { status, breaker, ratePerSecond, waiting, underWay } = stats.zoom;
  const simulated = isSimulated();
  change(parts.login, `${status} ${simulated}`, () => [simulated ? chip("sim", "Simulator") : null, chip(...(LOGINS[status] ?? ["plain", status]))]);
  const limit = ratePerSecond === null ? "No limit" : `${many(ratePerSecond)} calls a second`;
  for (const [index, words] of [BREAKER[breaker], limit, calls(waiting), calls(underWay)].entries()) {
    parts.zoom[index][1].textContent = words;
  }
  parts.zoom[0][1].className = breaker === "open" ? "bad" : "";
  parts.minted[0][1].textContent = many(stats.tokens.obf);
  parts.minted[1][1].textContent = many(stats.tokens.zak);
  change(parts.errors, JSON.stringify(stats.errors), () => (stats.errors.length ? table(stats.errors) : el("p", { class: "empty" }, "None.")));
}

/** The latest first. */
function table(errors) {
  const rows = errors.toSorted((a, b) => b.lastAt.localeCompare(a.lastAt)).map(({ code, count, lastAt }) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, plainly(code).what, el("code", {}, breaking(code))),
      el("td", {}, many(count)),
      el("td", {}, el("time", { datetime: lastAt }, clock(Date.parse(lastAt)))),
    ),
  );
  const heads = ["What went wrong", "Times", "Last"].map((name) => el("th", { scope: "col" }, name));
  return el("table", {}, el("thead", {}, el("tr", {}, heads)), el("tbody", {}, rows));
}

/** A code, which breaks between its words where it must. */
function breaking(code) {
  return code.split("_").flatMap((word, index) => (index ? ["_", el("wbr"), word] : [word]));
}

const numbers = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

function many(number) {
  return numbers.format(number);
}

function calls(number) {
  return `${many(number)} ${number === 1 ? "call" : "calls"}`;
}

function perSecond(rate) {
  return many(rate < 10 ? rate : Math.round(rate));
}

/** The time of the day; for another day’s the day, too. */
function clock(moment) {
  const at = new Date(moment);
  const isToday = at.toDateString() === new Date().toDateString();
  return at.toLocaleString([], isToday ? { timeStyle: "medium" } : { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" });
}

/** Seconds as people say them: the two largest units. */
function span(seconds) {
  const units = [["d", 86_400], ["h", 3600], ["min", 60], ["s", 1]];
  const found = units.findIndex(([, size]) => seconds >= size);
  const first = found < 0 ? units.length - 1 : found;
  let left = Math.floor(seconds);
  const said = [];
  for (const [name, size] of units.slice(first, first + 2)) {
    if (said.length === 0 || left >= size) said.push(`${Math.floor(left / size)} ${name}`);
    left %= size;
  }
  return said.join(" ");
}
