// Calls over HTTP, each with a deadline, and the state of the hub as its health tells it.

import { authorization } from "./credential.js";
import { change, state } from "./state.js";

const DEADLINE_MS = 40_000;

/** Whether a call needs no credential: what the hub is, and how it does. */
export function isForEverybody(path) {
  return path === "/" || path.startsWith("/api/health");
}

/** Makes a call. Resolves with whatever was answered; rejects with a `code` where nothing was. */
export async function call(method, path, body) {
  const started = performance.now();
  const options = { method, cache: "no-store", signal: AbortSignal.timeout(DEADLINE_MS) };
  if (!isForEverybody(path)) options.headers = authorization();
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  try {
    if (path === "/") options.headers = { Accept: "application/json" };
    const answer = await fetch(path, options);
    const text = await answer.text();
    return {
      status: answer.status,
      statusText: answer.statusText,
      requestId: answer.headers.get("x-request-id"),
      retryAfter: answer.headers.get("retry-after"),
      ms: performance.now() - started,
      body: read(text),
    };
  } catch (cause) {
    const code = cause.name === "TimeoutError" ? "no_answer" : "unreachable";
    throw Object.assign(new Error("The hub can’t be reached", { cause }), { code });
  }
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

let asking = null;

/** Asks how the hub does; once at a time. */
export function refreshHealth() {
  asking ??= call("GET", "/api/health")
    .then(({ body }) => {
      const health = body?.status ? body : null;
      const told = Date.parse(health?.timestamp);
      change({ health, ...(told ? { ahead: Date.now() - told } : {}) });
    })
    .catch(() => change({ health: null }))
    .finally(() => {
      asking = null;
    });
  return asking;
}

/** Whether the tokens come from the simulator. */
export function isSimulated() {
  return state.health?.mode === "simulator";
}

/** Keeps asking while somebody looks. */
export function watchHealth() {
  setInterval(() => {
    if (document.visibilityState === "visible") refreshHealth();
  }, 10_000);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") refreshHealth();
  });
  return refreshHealth();
}
