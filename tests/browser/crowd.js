// Many people at once: each as a client of the library's, ten to a connection, and what each of them has received.

import { claims } from "./browser.js";
import { CARRIERS, client } from "./clients.js";

const EACH = 10;

/** Connects everybody. Those who are `deaf` are there, and take no token until `listen` is called. */
export async function crowd(hub, users, { deaf = false } = {}) {
  const tokens = new Map(users.map((user) => [user, []]));
  const made = [];
  const take = ({ obfToken }) => tokens.get(claims(obfToken).sub).push(obfToken);
  for (let first = 0; first < users.length; first += EACH) {
    const one = client(hub.socket, { carrier: CARRIERS.WebSocket });
    made.push(one);
    if (!deaf) one.on("meeting:credentials", take);
    await one.connect();
    await Promise.all(users.slice(first, first + EACH).map((user) => one.authenticate(user)));
  }
  return {
    tokens,
    listen: () => made.forEach((one) => one.on("meeting:credentials", take)),
    leave: () => made.forEach((one) => one.disconnect()),
  };
}

/** So many made-up people. */
export function people(many, name) {
  return Array.from({ length: many }, (_, number) => `${name}.${String(number + 1).padStart(3, "0")}@example.com`);
}
