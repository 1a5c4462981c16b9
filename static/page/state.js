// What the page knows, in one place: the plan of the distribution, the carrier, what the hub is. Never a token, and of
// the credential only what it says of itself.

export const state = {
  meetingId: "1234567890",
  hostUserId: "host@example.com",
  /** In this order; `away` ones aren't connected by themselves. */
  participants: [
    { userId: "alice@example.com" },
    { userId: "bob@example.com" },
    { userId: "carol@example.com" },
    { userId: "dave@example.com", away: true },
    { userId: "missing.erin@example.com" },
  ],
  /** What this page's connections go over: `websocket`, `socket.io` or `polling`. */
  carrier: "websocket",
  /** The answer of `/api/health`; null while it can't be had, undefined before it was asked for. */
  health: undefined,
  /** So many milliseconds is this machine's clock ahead of the hub's. */
  ahead: 0,
  /** How this page's connections are made: in `jwt` mode with the credential. */
  auth: "open",
  /** What the credential says of itself, if there is one: `sub`, `role`, `meetings` (null: any), and `ends`. */
  credential: null,
  /** The latest that this page was told of, for the explorer to ask after. */
  distributionId: "",
  deliveryId: "",
};

const listeners = new Set();

/** Calls the listener whenever something has changed. */
export function watch(listener) {
  listeners.add(listener);
}

export function change(what) {
  Object.assign(state, what);
  for (const listener of listeners) listener(state);
}

/** Takes the names of a distribution and a delivery from what was told; nothing on the page changes by them. */
export function note(told) {
  const { distributionId = state.distributionId, deliveryId = state.deliveryId } = told ?? {};
  Object.assign(state, { distributionId, deliveryId });
}

/** One user's ID as it is compared: without the case of A–Z. */
export function sameUser(a, b) {
  return key(a) === key(b);
}

export function key(userId) {
  return userId.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** `123 456 7890`, as Zoom writes it. */
export function spaced(meetingId) {
  const digits = meetingId.replace(/[\s-]/g, "");
  if (!/^\d{9,11}$/.test(digits)) return meetingId;
  return digits.replace(/^(\d{3})(\d{3}|\d{4}(?=\d{4}$))(\d{3,4})$/, "$1 $2 $3");
}
