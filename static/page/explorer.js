// The API explorer: pick a call, edit its fields, send it, read the answer; and the same call as code.

import { GROUPS, bodyOf, pathOf } from "./calls.js";
import { connection, hasRoomFor, showTransports, transportOf } from "./carriers.js";
import { asks, lacks } from "./credential.js";
import { announce, button, chip, copy, el, fill, shortly, svg } from "./dom.js";
import { call as callHttp } from "./http.js";
import { record } from "./log.js";
import { howFar } from "./progress.js";
import { snippets } from "./snippets.js";
import { note, state as page, watch } from "./state.js";
import { holdsToken, withoutTokens } from "./tokens.js";
import { plainly, whyClosed } from "./words.js";

/** Its own connection, made once it is known how. */
let hub = null;
let isLeft = false;
let chosen = GROUPS[0].calls[0];
let values = {};
let way = "";
const parts = {};

/** Builds the explorer. */
export function explorer(into) {
  // What it gets is for looking at: nobody waits to use it, and confirming it is a call of its own.
  hub = connection({ freshForSeconds: 0, acks: false });
  hub.on("frame", (sent) => {
    record("explorer", sent);
    if (sent.direction === "in") note(sent.frame.data);
  });
  parts.form = el("form", { class: "ask", novalidate: true });
  parts.form.addEventListener("submit", send);
  parts.code = el("div", { class: "code" });
  parts.answer = el("div", { class: "answer" });
  parts.connection = el("div", { class: "connection" });
  fill(
    into,
    picker(),
    el("div", { class: "call" }, parts.form, parts.code),
    el("div", { class: "answers" }, el("h3", { class: "small-title" }, "Answer"), parts.answer, parts.connection),
  );
  for (const event of ["state", "transport"]) hub.on(event, showConnection);
  for (const event of ["meeting:started", "meeting:credentials", "meeting:distributed", "distribution", "error", "pong"]) {
    // What answers a raw frame, or is pushed after an authenticate here.
    hub.on(event, (data, frame) => {
      if (awaited === null) showAnswer({ ok: event !== "error", title: event, body: frame, advice: data?.code && { code: data.code } });
    });
  }
  let carrier = page.carrier;
  watch(() => {
    if (carrier === page.carrier) return;
    carrier = page.carrier;
    showCode();
  });
  choose(chosen);
}

/** Ends the connection: the credential that it was made with is no longer this page's. The next event makes another. */
export function leave() {
  isLeft = true;
  if (!["idle", "closed"].includes(hub.state)) hub.disconnect();
}

/** The call under way, if it is one whose answer is waited for. */
let awaited = null;

function picker() {
  const groups = GROUPS.map(({ title, calls }) =>
    el(
      "fieldset",
      {},
      el("legend", { class: "small-title" }, title),
      calls.map((call) => {
        const radio = el("input", { type: "radio", name: "call", class: "visually-hidden", checked: call === chosen });
        radio.addEventListener("change", () => choose(call));
        const words = call.kind === "http" ? [el("i", {}, call.method), breaking(call.path)] : [call.name];
        return el("label", { class: "pick" }, radio, el("span", {}, words));
      }),
    ),
  );
  return el("div", { class: "picker" }, groups);
}

/** A path, which breaks before a slash where it must. */
function breaking(path) {
  return el("bdi", {}, path.split(/(?=\/)/).flatMap((part) => [el("wbr"), part]));
}

function choose(call) {
  chosen = call;
  way = "";
  values = Object.fromEntries(call.fields.map((field) => [field.name, field.value()]));
  fill(
    parts.form,
    el("h3", { class: "call-name" }, call.name),
    el("p", { class: "call-about" }, call.about),
    call.fields.map(input),
    el("div", { class: "send-bar" }, el("button", { type: "submit", class: "accent" }, svg("send"), "Send")),
  );
  fill(parts.answer, el("p", { class: "empty" }, "Send it, and the answer is here."));
  showCode();
  showConnection();
}

function input(field) {
  if (field.flag) return check(field);
  const long = field.list || field.long;
  const box = el(long ? "textarea" : "input", { name: field.name, value: values[field.name], spellcheck: "false", autocomplete: "off", rows: long ? "5" : undefined });
  box.addEventListener("input", () => {
    values[field.name] = box.value;
    showCode();
  });
  return el("label", {}, field.label, box);
}

function check({ name, label }) {
  const box = el("input", { type: "checkbox", name, checked: values[name], autocomplete: "off" });
  box.addEventListener("change", () => {
    values[name] = box.checked;
    showCode();
  });
  return el("label", { class: "check" }, box, label);
}

function showCode() {
  const call = { ...chosen, path: pathOf(chosen, values) };
  const ways = snippets(call, bodyOf(chosen, values), { origin: location.origin, carrier: page.carrier, asks: asks() });
  if (!ways.some(([title]) => title === way)) [[way]] = ways;
  const [, text] = ways.find(([title]) => title === way);
  const copying = button("Copy", { icon: "copy", class: "quiet", label: `Copy the call as ${way}` });
  copying.addEventListener("click", () => copy(text, copying));
  const tabs = ways.map(([title]) =>
    button(title, {
      class: "tab",
      "aria-pressed": String(title === way),
      onclick: () => {
        way = title;
        showCode();
        parts.code.querySelector("[aria-pressed=true]").focus();
      },
    }),
  );
  fill(
    parts.code,
    el("div", { class: "code-bar", role: "group", "aria-label": "The call as code" }, tabs, copying),
    el("pre", { tabindex: "0", role: "region", "aria-label": `The call as ${way}` }, text),
  );
}

async function send(submitted) {
  submitted.preventDefault();
  if (awaited !== null) return;
  const call = chosen;
  const body = bodyOf(call, values);
  awaited = call.kind === "raw" ? null : call;
  fill(parts.answer, el("p", { class: "empty" }, "Waiting for the answer…"));
  try {
    if (call.kind === "http") showAnswer(await overHttp(call.method, pathOf(call, values), body));
    else await overSocket(call, body);
  } catch (error) {
    showRefusal(error);
  } finally {
    awaited = null;
  }
}

async function overHttp(method, path, body) {
  const answer = await callHttp(method, path, body);
  note(answer.body);
  const meta = [shortly(answer.ms), answer.requestId && `request ${answer.requestId.slice(0, 8)}…`];
  if (answer.retryAfter) meta.push(`retry after ${answer.retryAfter} s`);
  const { code, error, status } = answer.body ?? {};
  const advice = answer.status >= 400 ? { code: code ?? "zoom_unavailable", said: error ?? status } : undefined;
  return { ok: answer.status < 400, title: `${answer.status} ${answer.statusText}`, meta, body: answer.body, advice };
}

async function overSocket(call, body) {
  // A connection that was closed for good comes back by the button, not by accident.
  if (hub.state === "idle" || isLeft) await connect();
  if (call.kind === "raw") {
    hub.sendText(body.text);
    return;
  }
  const started = performance.now();
  const answer = await ASKED[call.call](body);
  const took = shortly(performance.now() - started);
  showAnswer({ ok: true, title: ANSWERS[call.call], meta: [took], body: answer });
}

/** Connects; where a credential is asked for, as its own user, since the hub ends a connection that is nobody's. */
async function connect() {
  const code = hasRoomFor(hub) ? lacks() : "too_many_polling";
  if (code) throw Object.assign(new Error(plainly(code).what), { code });
  isLeft = false;
  await hub.connect();
  if (asks()) await hub.authenticate(page.credential.sub);
}

const ASKED = {
  authenticate: (body) => hub.request("authenticate", body, { answer: "authenticated" }),
  start: (body) => hub.start(body),
  join: (body) => hub.join(body),
  distribute: (body) => hub.distribute(body, { onProgress: showProgress }),
  confirm,
  cancel: (body) => hub.request("meeting:cancel", body, { answer: "meeting:distributed" }),
  distribution: (body) => hub.request("distribution:get", body, { answer: "distribution" }),
  watch: (body) => hub.watch(body),
  ping: async () => ({ milliseconds: await hub.ping() }),
};

/** Nothing answers it but a refusal, which comes at once. */
async function confirm(body) {
  try {
    return await hub.request("delivery:ack", body, { answer: "none", seconds: 1 });
  } catch (error) {
    if (error.code !== "no_answer") throw error;
    return "Nothing answers it: the distribution’s row is acknowledged, if the hub awaited it.";
  }
}

const ANSWERS = {
  authenticate: "authenticated",
  start: "meeting:started",
  join: "meeting:credentials",
  distribute: "meeting:distributed",
  confirm: "sent",
  cancel: "meeting:distributed",
  distribution: "distribution",
  watch: "presence:state",
  ping: "pong",
};

/** How far a distribution is, until its answer. */
function showProgress(progress) {
  fill(parts.answer, el("p", { class: "empty" }, `Waiting for the answer… ${howFar(progress)}`));
}

function showRefusal(error) {
  const { code, message, retryable, retryAfterSeconds, zoom, details, event } = error;
  const body = { code, message, event, retryable, retryAfterSeconds, zoom, details };
  showAnswer({ ok: false, title: "error", body, advice: { code, said: message } });
}

function showAnswer({ ok, title, meta = [], body, advice }) {
  const text = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));
  const pre = el("pre", { tabindex: "0", role: "region", "aria-label": "The answer" }, text(withoutTokens(body)));
  const copying = button("Copy", { icon: "copy", label: "Copy the answer" });
  let revealed = false;
  copying.addEventListener("click", () => copy(pre.textContent, copying));
  const reveal = button("Reveal tokens", { icon: "eye", "aria-pressed": "false" });
  reveal.addEventListener("click", () => {
    revealed = !revealed;
    pre.textContent = text(revealed ? body : withoutTokens(body));
    reveal.setAttribute("aria-pressed", String(revealed));
    reveal.lastChild.textContent = revealed ? "Hide tokens" : "Reveal tokens";
  });
  const { what, then } = plainly(advice?.code);
  fill(
    parts.answer,
    el("div", { class: "answer-head" }, chip(ok ? "good" : "bad", title), el("span", { class: "meta" }, meta.filter(Boolean).join(" · "))),
    advice ? el("div", { class: "refusal" }, svg("warn"), el("div", {}, el("strong", {}, what), el("p", {}, then))) : null,
    pre,
    el("div", { class: "actions" }, copying, holdsToken(body) ? reveal : null),
  );
  announce(`Answer: ${title}. ${advice ? `${what} ${then}` : ""}`);
}

/** The explorer's own connection, while it matters. */
function showConnection() {
  showTransports();
  if (chosen.kind === "http") return fill(parts.connection);
  const { state, lastClose } = hub;
  const word = { idle: "Connects with the first event", connecting: "Connecting", open: "Connected", waiting: "Reconnecting", closed: "Closed" }[state];
  const kind = { idle: "plain", connecting: "busy", open: "good", waiting: "warn", closed: "bad" }[state];
  const again = () => connect().catch(showRefusal);
  fill(
    parts.connection,
    chip(kind, word),
    state === "open" ? el("span", { class: "meta" }, transportOf(hub)) : null,
    state === "waiting" || state === "closed" ? el("p", { class: "why" }, whyClosed(lastClose)) : null,
    state === "closed" ? button("Reconnect", { icon: "plug", class: "accent", label: "Reconnect the explorer", onclick: again }) : null,
  );
  if (state === "closed") announce(`The explorer’s connection is closed. ${whyClosed(lastClose)}`);
}
