// What your backend does in AUTH_MODE=jwt: signs a credential, with which one of its users comes to the hub.
//
//   AUTH_JWT_SECRET=… node examples/sign-credential.mjs alice@example.com
//   AUTH_JWT_SECRET=… node examples/sign-credential.mjs host@example.com host 1234567890 1112223334
//
// Node 20 or newer, nothing to install. It prints the credential, a JWT, and ends with 0, else with 1. The secret is the
// hub's AUTH_JWT_SECRET and never leaves your backend: whoever has it can be anybody. AUTH_JWT_ISSUER and
// AUTH_JWT_AUDIENCE are set here where they are set at the hub.

import { createHmac } from "node:crypto";
import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * A credential for one user. Take `userId` from the login of your own site, never from what the browser sends: the hub
 * believes whatever is signed.
 *
 * @param {object} wanted
 * @param {string} wanted.userId  the Zoom user ID or e-mail address
 * @param {"participant" | "host" | "service"} [wanted.role]  a service acts for anybody: for your backend's own calls
 * @param {string[]} [wanted.meetings]  the meetings that it is for; without it, any
 * @param {number} [wanted.ttlSeconds]  no longer than the hub's AUTH_JWT_MAX_TTL_SECONDS
 * @param {string} [wanted.issuer]  the hub's AUTH_JWT_ISSUER
 * @param {string} [wanted.audience]  the hub's AUTH_JWT_AUDIENCE
 * @returns {string} the JWT
 */
export function signCredential({ userId, role = "participant", meetings, ttlSeconds = 3600, issuer, audience }) {
  const secret = process.env.AUTH_JWT_SECRET ?? "";
  if (Buffer.byteLength(secret) < 32) throw new Error("AUTH_JWT_SECRET must be set, to the hub's 32 bytes or more");
  const now = Math.floor(Date.now() / 1000);
  // What is undefined is left out.
  const claims = { sub: userId, iat: now, exp: now + ttlSeconds, role, meetings, iss: issuer, aud: audience };
  const signed = `${encoded({ alg: "HS256", typ: "JWT" })}.${encoded(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

// As a command; a backend imports the function.
if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [userId, role, ...meetings] = process.argv.slice(2);
  try {
    if (!userId) throw new Error("usage: node sign-credential.mjs USER [participant|host|service [MEETING…]]");
    const issuer = process.env.AUTH_JWT_ISSUER;
    const audience = process.env.AUTH_JWT_AUDIENCE;
    console.log(signCredential({ userId, role, meetings: meetings.length ? meetings : undefined, issuer, audience }));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
