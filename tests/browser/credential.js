// Credentials as a backend signs them, and a hub that asks for them.

import { createHmac } from "node:crypto";

import { startHub } from "./hub.js";

const SECRET = "a secret of the tests, and long enough";
/** For so long the hub takes a credential after its `exp`. */
const LEEWAY_SECONDS = 60;

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/**
 * A JWT of this user's. The hub takes it for `seconds` more, and up to one beyond, since `exp` counts whole ones. For
 * one that ends soon `exp` is in the past.
 */
export function sign(sub, { seconds = 3600, secret = SECRET, ...claims } = {}) {
  const iat = Math.floor(Date.now() / 1000);
  const exp = Math.ceil(Date.now() / 1000) + seconds - LEEWAY_SECONDS;
  // A life that ends before it begins would be odd.
  const body = `${encoded({ alg: "HS256", typ: "JWT" })}.${encoded({ sub, iat: Math.min(iat, exp), exp, ...claims })}`;
  return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
}

/** Signed by somebody else. */
export function forged(sub, claims = {}) {
  return sign(sub, { ...claims, secret: "another secret, that the hub knows nothing of" });
}

/** Starts a hub in `jwt` mode. */
export async function startAskingHub(env = {}, port = 0) {
  const hub = await startHub({ port, env: { AUTH_MODE: "jwt", AUTH_JWT_SECRET: SECRET, ...env } });
  const service = sign("service@example.com", { role: "service" });
  return {
    ...hub,
    /** A REST call with this credential, by default the service's; the status and the answer. */
    async post(path, body, credential = service) {
      const headers = { "Content-Type": "application/json", Authorization: `Bearer ${credential}` };
      const answer = await fetch(`${hub.origin}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
      return { status: answer.status, ...(await answer.json()) };
    },
    /** Revokes what this user was given until now. What is signed once this has resolved counts. */
    async revoke(userId) {
      const answer = await this.post("/api/sessions/revoke", { userId });
      if (!answer.success) throw new Error(JSON.stringify(answer));
      await secondAfter(Date.now());
      return answer;
    },
  };
}

/** Waits until the clock shows a later second than that of this moment: `iat` knows no parts of one. */
export async function secondAfter(moment) {
  const left = () => (Math.floor(moment / 1000) + 1) * 1000 - Date.now();
  while (left() > 0) await new Promise((resolve) => setTimeout(resolve, left()));
}
