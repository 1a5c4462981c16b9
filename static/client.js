// The hub's client: one session, in a browser or in Node 22 and later (older ones: pass `WebSocket`).
//
//   import { Hub } from "https://your-hub.example/client.js";   // in Node: a copy of this file
//
//   const hub = new Hub("wss://your-hub.example/ws");
//   hub.on("meeting:credentials", ({ meetingId, obfToken, expiresAt }) => offerToJoin(meetingId, obfToken));
//   joinButton.onclick = () => hub.used(meetingId);   // until then a fresh token comes before each one ends
//   hub.on("state", ({ state, close }) => show(state, close?.reason));
//   await hub.connect();
//   await hub.authenticate("alice@example.com");   // what belongs to alice is pushed here from now on
//
// and a host:
//
//   const outcome = await hub.distribute(
//     { meetingId: "1234567890", hostUserId: "host@example.com", participantUserIds: ["alice@example.com"] },
//     {
//       onStarted: ({ zakToken }) => startMeeting(zakToken),
//       onProgress: ({ done, total, etaSeconds, participants }) => showBar(done / total, etaSeconds, participants),
//     },
//   );
//   outcome.participants.filter((row) => row.status === "failed");
//   hub.on("meeting:progress", ({ participants }) => showRows(participants));   // who comes later, who confirms
//
// Calls         `authenticate`, `start`, `join`, `distribute`, `cancel`, `distribution`, `distributions`, `watch`, `ping`:
//               each a promise of the hub's answer. One made while the connection is away waits for it. Every wait has a
//               deadline.
// Progress      `onProgress` is called as soon as a distribution's rows begin, then at most four times a second, with
//               the data of `meeting:progress`; its `participants` are the rows that changed since the last. The
//               deadline `distributeSeconds` starts anew at each: a distribution may take long, as long as it goes on.
//               If the connection is lost meanwhile, the same distribution is asked for again, by its idempotency key.
//               The outcome is there once no row is queued. Rows change afterwards, too: those that wait for somebody,
//               and those whose token is confirmed. That is told by the event `meeting:progress`, and to `onProgress` of
//               whoever follows: `hub.distribution(distributionId, { follow: true, onProgress })`, also after a reload.
// Presence      `hub.watch({ meetingId, userIds }, onChange)` tells a host who of these is there, and then who comes and goes,
//               also over reconnects.
// Receipts      The hub is told that a token has arrived (`delivery:ack`) once a listener of `meeting:credentials` has
//               returned, or the promise of the `join` that it answers was kept. Without that the hub makes another: for
//               a token that nobody listened for, whose listener threw, or that got lost with the connection. The option
//               `acks: false` does without.
// Fresh tokens  A token that waits for its meeting to begin ends. Until `used(meetingId)` says that it isn't wanted any
//               more, a fresh one comes before the end of the last, as `meeting:credentials`, for `freshForSeconds` after
//               the first; 0 turns it off. That needs a listener, and to know whose the token is: of the one user who is
//               authenticated here, or of the participant whom the `join` named that it answers.
// Refusals      a `HubError`: decide by its `code`; `retryable`, `retryAfterSeconds`, `zoom` and `details` are the
//               hub's (docs/protocol.md lists the codes). The client's own codes are `connection_lost`,
//               `connection_closed` and `no_answer`.
// Events        `on(event, listener)` for each event of the hub's, and `state`, `latency`, `frame`, `transport`; it
//               returns a function that takes the listener away.
// Carriers      A session goes over a WebSocket, or over Socket.IO where WebSockets don't get through:
//                 import { io } from "https://your-hub.example/socket.io/socket.io.esm.min.js";   // or socket.io-client
//                 new Hub(url, { carrier: socketIO(io) });   // long-polling first, then WebSocket if it can be had
//                 new Hub(url, { carrier: socketIO(io, { transports: ["polling"] }) });
//               All the rest is the same over each. `transport` says what is in use, `switchTo` changes it.
// Credentials   for a hub that asks for them, from your own backend:
//                 const getCredential = async () => (await (await fetch("/hub-credential")).json()).credential;
//                 new Hub(url, { getCredential });
//               It is called before each connection is made and, in time, before a credential ends; a session goes on
//               with the next. Give a fresh one each time, or one that has most of its life before it. Where it fails
//               it is called again after a wait that grows; why it failed is for it to say, since an error may quote
//               what it read. `null` says that there is none, as once somebody has logged out: the client stays away.
//               (It takes the place of the option `renew`, which is gone.)
// Reconnecting  by the close code: 44xx, 1002, 1007 and 1009 stay away (calling again won't help; `connect()` tries
//               anew); 46xx comes back with a fresh credential, at once the first time, and stays away without
//               `getCredential`; everything else comes back after a random wait that grows. Whoever was authenticated
//               is again, before anything else is sent. After a sleep, or when the network is back, the connection is
//               tested at once.
// Not kept      no token is stored or logged here, and the credential stays in memory: no event, no frame that
//               listeners get and no error has it. What was pushed while the connection was away is not lost: the hub
//               makes another token for whoever comes back without having confirmed the last. A page that was reloaded
//               finds in `meetings` of its `authenticated` what was distributed to its user, and asks by one `join`.

/** @typedef {"idle" | "connecting" | "open" | "waiting" | "closed"} State */

/** A refusal of the hub's, or the end of the connection. */
export class HubError extends Error {
  /** @param {object} data what the hub said */
  constructor(data) {
    super(data.error ?? data.message ?? data.code);
    this.name = "HubError";
    this.code = data.code;
    this.retryable = data.retryable === true;
    this.retryAfterSeconds = data.retryAfterSeconds;
    this.zoom = data.zoom;
    this.details = data.details;
    this.event = data.event;
  }
}

const DEFAULTS = {
  /** Until the connection is open, seconds. */
  connectSeconds: 10,
  /** Until an answer, seconds. A distribution may take longer: `distributeSeconds`, anew with each progress. */
  answerSeconds: 30,
  distributeSeconds: 300,
  /** Until the answer to a ping that tests the connection, and how often it is tested. */
  pingSeconds: 8,
  heartbeatSeconds: 30,
  /** Whether the hub is told which tokens have arrived. */
  acks: true,
  /** For so long after a meeting's first token a fresh one is asked for before the last has ended, until it is used. */
  freshForSeconds: 7200,
  /** The first wait before coming back, which doubles, and the longest. Half of each is random. */
  firstWaitSeconds: 1,
  longestWaitSeconds: 30,
  /**
   * What this client shows for itself: a credential (a JWT), as a text; null where there is none. It has `answerSeconds`.
   * @type {undefined | (() => Promise<string | null>)}
   */
  getCredential: undefined,
  /** What the session goes over: `webSocket()` or `socketIO(io)`. */
  carrier: undefined,
  /** The WebSocket to use, where there is no global one. */
  WebSocket: undefined,
};

/** A connection that has been open for so long was a good one: the next wait is the first again. */
const GOOD_AFTER_MS = 10_000;

/** For so long the hub takes a credential after its `exp`, for clocks that are not right; `expiresAt` is then. */
const LEEWAY_SECONDS = 60;

/** A longer timer would go off at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Distributions that are followed again after a reconnect. */
const MOST_FOLLOWED = 16;

/** What stands in a credential's place wherever it could be seen. */
const MASK = "••••••";

/** What a close code asks for: `stay` away, `renew` the credential, or come back after a `wait`. */
export function afterClose(code) {
  if ((code >= 4400 && code < 4500) || code === 1002 || code === 1007 || code === 1009) return "stay";
  if (code >= 4600 && code < 4700) return "renew";
  return "wait";
}

/** How long to wait before the given attempt, counted from 0. */
export function waitSeconds(attempt, { firstWaitSeconds, longestWaitSeconds }, random = Math.random) {
  const most = Math.min(longestWaitSeconds, firstWaitSeconds * 2 ** Math.min(attempt, 30));
  return most / 2 + (random() * most) / 2;
}

/**
 * When to renew a credential that the hub takes for so many seconds more: some time before its `exp`, not all clients
 * in the same moment. One that is short-lived or past its `exp` already gets half of what is left, and never less than
 * a second: the hub's word that it has ended comes in time, too.
 */
export function renewalSeconds(left, random = Math.random) {
  const life = left - LEEWAY_SECONDS;
  const before = secondsBefore(life, random);
  return life - before >= 10 ? life - before : Math.max(1, left / 2);
}

/** When to ask for a fresh token in place of one that ends in so many seconds; never more often than once a second. */
export function freshSeconds(left, random = Math.random) {
  return Math.max(1, left - secondsBefore(left, random));
}

/** How long before the end: at most two minutes, and not all clients in the same moment. */
function secondsBefore(life, random) {
  return Math.min(120, life / 5) * (0.5 + random() / 2);
}

/**
 * A carrier makes one connection, and tells `on` of it until it is closed here. When to come back, who is authenticated
 * and what a close code asks for is not its business, so that it is the same over each.
 *
 * @callback Carrier
 * @param {string} url the hub's, as `ws://…/ws`
 * @param {object} on `open()`; `frame({ event, data, id }, like)`; `answer(id, data)`, for an answer whose event comes as
 *   a frame of its own, without the id, but may be `like` the answer to the call of that id; `transport()`, when that has
 *   changed; `close({ code, reason })`
 * @returns {{ transport: string, send: (frame: object, again?: object) => object, sendText: (text: string) => void,
 *   close: () => void }} `send` returns the frame as it went out; a distribution that is asked for `again` has begun
 *   already, and perhaps its `name` is known
 */

/** Plain WebSocket. @returns {Carrier} */
export function webSocket(WebSocket = globalThis.WebSocket) {
  if (!WebSocket) throw new TypeError("There is no WebSocket here: pass one as the option WebSocket");
  return (url, on) => {
    const socket = new WebSocket(url);
    let opened = false;
    socket.onopen = () => {
      opened = true;
      on.open();
    };
    socket.onmessage = ({ data }) => {
      const frame = parsed(data);
      if (typeof frame?.event === "string") on.frame(frame);
    };
    socket.onclose = ({ code, reason }) => on.close({ code, reason });
    // A close follows, which says more; but in older Nodes none does where there was no connection yet.
    socket.onerror = () => {
      if (!opened) on.close({ code: 1006, reason: "" });
    };
    return {
      transport: "websocket",
      send(frame) {
        socket.send(JSON.stringify(frame));
        return frame;
      },
      sendText: (text) => socket.send(text),
      close() {
        // It may live on for a while if the network is dead: nothing it still says counts.
        socket.onopen = socket.onmessage = socket.onclose = socket.onerror = () => {};
        if (socket.readyState < 2) socket.close(1000);
      },
    };
  };
}

/**
 * Socket.IO, by the `io` of socket.io-client 4 and with options of its.
 * @returns {Carrier}
 */
export function socketIO(io, options = {}) {
  return (url, on) => {
    const { origin, pathname } = new URL("socket.io/", url);
    const transports = ["polling", "websocket"];
    // Coming back and every deadline are the Hub's.
    const ours = { path: pathname, forceNew: true, reconnection: false, timeout: false };
    const socket = io(origin, { transports, ...options, ...ours });
    /** Distributions under way, by their frames' ids: meeting and size, whether its ZAK has come, and then their own name. */
    const running = new Map();
    /** Distributions that have been told of: what comes of them later is no other's beginning. */
    const known = new Set();
    /** Joins under way, by their frames' ids: the meeting, until a token for it has come. */
    const joins = new Map();
    let farewell;
    socket.on("connect", () => on.open());
    socket.onAny((event, data) => {
      // An error that answers nothing is the last word before the hub ends the session; refusals may come meanwhile.
      if (event !== "error") farewell = undefined;
      else if (data?.event === undefined) farewell = data;
      const like = event === "meeting:credentials" ? likely(data) : undefined;
      on.frame({ event, data, ...answering(event, data) }, like);
      if (data?.distributionId) known.add(data.distributionId);
    });
    socket.on("disconnect", (reason, details) => on.close(ending(farewell, details, reason === "io server disconnect")));
    socket.on("connect_error", ({ data, description }) => {
      on.close(ending(data, { description }, data !== undefined && data.retryable !== true));
    });
    socket.io.engine.on("upgrade", () => on.transport());
    // An event has no id here: a host's ZAK belongs to a distribution of its meeting that has none yet. A progress names
    // its distribution. The first, which tells of all that has ended so far, is of one that has no name yet, of as many
    // participants; so is any that nobody has heard of, where one was asked for again before its name was known.
    const answering = (event, data) => {
      const find = (fits) => [...running].find(([, one]) => one.meeting === digits(data) && fits(one)) ?? [];
      let id, one;
      if (event === "meeting:started") {
        [id, one] = find(({ started }) => !started);
        if (one) one.started = true;
      } else if (event === "meeting:progress") {
        const { distributionId, done, total, participants } = data;
        const isBegun = (one) => !one.name && !known.has(distributionId) && (done === participants.length || one.again);
        [id, one] = find(({ name }) => name === distributionId);
        if (!one) [id, one] = find((one) => isBegun(one) && one.total === total);
        if (!one) [id, one] = find(isBegun);
        if (one) one.name = distributionId;
      }
      return one ? { id } : {};
    };
    // A token is likely the answer to a join of its meeting that has none yet. Which of several it answers does not matter
    // here: each has the participant of one.
    const likely = (data) => {
      const [id] = [...joins].find(([, meeting]) => meeting === digits(data)) ?? [];
      if (id) joins.set(id, undefined);
      return id;
    };
    return {
      get transport() {
        return socket.io.engine.transport.name;
      },
      send({ event, data, id }, again) {
        const meeting = digits(data);
        if (event === "meeting:distribute") {
          const total = new Set([data.participantUserIds].flat().map((user) => String(user).toLowerCase())).size;
          running.set(id, { meeting, total, started: Boolean(again), again: Boolean(again), name: again?.name });
        } else if (event === "meeting:join") joins.set(id, meeting);
        const acknowledged = (answer) => {
          running.delete(id);
          joins.delete(id);
          on.answer(id, answer);
        };
        // What nothing answers has no id.
        const parts = [...(data === undefined ? [] : [data]), ...(id === undefined ? [] : [acknowledged])];
        socket.emit(event, ...parts);
        return data === undefined ? { event } : { event, data };
      },
      /** As one message: `2["ping"]` is an event. */
      sendText: (text) => socket.io.engine.send(text),
      close() {
        socket.off();
        socket.offAny();
        socket.disconnect();
      },
    };
  };
}

/** Socket.IO has no close codes either: the hub's last error says which it would have been. */
const CLOSES = {
  malformed_frame: 4400,
  invalid_credential: 4401,
  too_many_sessions: 4409,
  internal: 4500,
  shutting_down: 4503,
  overloaded: 4507,
  authentication_timeout: 4508,
  rate_limited: 4529,
  credential_expired: 4601,
  credential_revoked: 4602,
};

/** How a connection ends that was never made, for want of one. */
const NO_CREDENTIAL = { code: 0, reason: "no credential" };

function ending(error, details, forGood) {
  if (details?.description === 413 || details?.context?.code === 1009) return { code: 1009, reason: "" };
  const reason = error && (error.retryable !== true) === forGood ? error.code : "";
  return { code: CLOSES[reason] ?? (forGood ? 4400 : reason ? 4500 : 1006), reason };
}

export class Hub {
  #url;
  #options;
  #carrier;
  #link = null;
  #state = "idle";
  #close = undefined;
  #attempt = 0;
  #openedAt = 0;
  #retryAt = 0;
  #nextId = 1;
  #timers = { connect: 0, retry: 0, heartbeat: 0, renew: 0 };
  /** The attempt that waits for its credential. */
  #opening = null;
  #credential = undefined;
  /** The call of getCredential that is under way. */
  #fetching = null;
  #renewAt = 0;
  /** The link whose credential is being renewed, and how often that has failed. */
  #renewing = null;
  #failedRenewals = 0;
  #pending = new Map();
  #arrivals = new Set();
  #listeners = new Map();
  #users = new Map();
  /** Deliveries that were confirmed over this connection: the latest, for one token may come as an event and an answer. */
  #confirmed = new Set();
  /** Meetings whose token was not used yet, by meeting and user. The tokens are not kept. */
  #unused = new Map();
  /** Distributions that are followed, with each one's listeners. */
  #followed = new Map();
  /** Who is watched, by meeting. */
  #watched = new Map();
  #wake = () => this.#awake();
  #waking = false;

  /**
   * @param {string | URL} [url] `ws://…/ws`; `http://…` will do. Without it: the hub that served this file.
   * @param {Partial<typeof DEFAULTS>} [options]
   */
  constructor(url = import.meta.url, options = {}) {
    this.#url = address(url);
    this.#options = { ...DEFAULTS, ...options };
    this.#carrier = this.#options.carrier ?? webSocket(this.#options.WebSocket);
  }

  get url() {
    return this.#url;
  }

  /** @returns {State} */
  get state() {
    return this.#state;
  }

  /** What an open connection goes over at this moment: `websocket` or `polling`. */
  get transport() {
    return this.#state === "open" ? this.#link.transport : undefined;
  }

  /** How the connection last ended: `code`, `reason`, and what follows in `then`. */
  get lastClose() {
    return this.#close;
  }

  /** When the next attempt is made, in milliseconds of `Date.now()`, while the state is `waiting`. */
  get retryAt() {
    return this.#retryAt;
  }

  /** Opens the connection, or opens it anew after it was closed for good; resolves once it is open. */
  connect() {
    if (this.#state === "idle" || this.#state === "closed") {
      this.#attempt = 0;
      this.#listenForWaking(true);
      this.#open();
    } else if (this.#state === "waiting") {
      this.#open();
    }
    return this.#arrived(Date.now() + this.#options.connectSeconds * 1000);
  }

  /** Ends the connection for good, and forgets who was authenticated. */
  disconnect() {
    this.#users.clear();
    this.#followed.clear();
    this.#watched.clear();
    for (const one of [...this.#unused.values()]) this.#forget(one);
    this.#credential = undefined;
    if (this.#state === "closed") return;
    this.#end({ code: 1000, reason: "closed by this client" }, "stay");
  }

  /**
   * Over another carrier from now on. A connection is made anew at once; whoever was authenticated is again, and what
   * was not answered yet is `connection_lost`, unless it is a distribution, which goes on.
   * @param {Carrier} carrier
   */
  switchTo(carrier) {
    this.#carrier = carrier;
    if (this.#state === "idle" || this.#state === "closed") return;
    this.#drop(lost("The carrier is being changed"));
    this.#close = undefined;
    this.#attempt = 0;
    this.#open();
  }

  /**
   * What belongs to this user is pushed here from now on, also after a reconnect. If the connection is lost meanwhile
   * this rejects, and is made up for when the connection is back; so it is if the credential has ended and there is
   * `getCredential`.
   */
  async authenticate(userId) {
    const remember = () => this.#users.set(String(userId).toLowerCase(), userId);
    try {
      // What is pushed may follow on the heels of the answer.
      return await this.request("authenticate", this.#hello(userId), { answer: "authenticated", heed: remember });
    } catch (error) {
      if (error.code === "connection_lost" || this.#isRenewable(error)) remember();
      throw error;
    }
  }

  /** The host's ZAK: `{ meetingId, hostUserId }`. */
  start(data) {
    return this.request("meeting:start", data, { answer: "meeting:started" });
  }

  /** A participant's OBF: `{ meetingId, participantUserId }`. */
  join(data) {
    return this.request("meeting:join", data, { answer: "meeting:credentials" });
  }

  /**
   * A whole distribution: `{ meetingId, hostUserId, participantUserIds }`, and `hold: false` where nobody absent is to be
   * waited for, or `holdSeconds`. Resolves with `meeting:distributed` when no row is queued any more; the host's ZAK comes
   * first, to `onStarted`, and how far it is meanwhile, to `onProgress`. If the connection is lost meanwhile the
   * distribution goes on: with the same `idempotencyKey`, random unless it is given, the outcome is asked for again.
   */
  async distribute(data, { onStarted, onProgress } = {}) {
    const seconds = this.#options.distributeSeconds;
    const asked = { ...data, idempotencyKey: data.idempotencyKey ?? randomKey() };
    if (this.#state !== "open") await this.#arrived(Date.now() + this.#options.answerSeconds * 1000);
    let deadline = Date.now() + seconds * 1000;
    let hasStarted = false;
    let [again, name] = [];
    const started = (told) => {
      // It may come twice: asked for below, and of the distribution that was still at it.
      if (hasStarted) return;
      hasStarted = true;
      onStarted?.(told);
    };
    const progress = (told) => {
      deadline = Date.now() + seconds * 1000;
      name = told.distributionId;
      onProgress?.(told);
    };
    const between = { "meeting:started": started, "meeting:progress": progress };
    for (;;) {
      try {
        const how = { answer: "meeting:distributed", between, seconds, deadline, again };
        const outcome = this.#ask("meeting:distribute", asked, how);
        // A ZAK that went with the connection.
        if (again && !hasStarted && onStarted) this.#startLate(asked, () => !hasStarted, started);
        return await outcome;
      } catch (error) {
        if (error.code !== "connection_lost") throw error;
        await this.#arrived(deadline);
        again = { name };
      }
    }
  }

  /** Ends what is queued or pending of a distribution. Resolves with `meeting:distributed` as it then stands. */
  cancel(distributionId) {
    return this.request("meeting:cancel", { distributionId }, { answer: "meeting:distributed" });
  }

  /**
   * A distribution as it stands, with its rows. With `follow` its `meeting:progress` comes to this session from now on,
   * and to `onProgress`; so it does after a reconnect, with every row at first, for the latest 16.
   */
  async distribution(distributionId, { follow = false, onProgress } = {}) {
    const before = this.#followed.get(distributionId);
    if (follow) this.#follow(distributionId, [...(before ?? []), ...(onProgress ? [onProgress] : [])]);
    try {
      return await this.request("distribution:get", { distributionId, follow }, { answer: "distribution" });
    } catch (error) {
      if (follow && !before) this.#followed.delete(distributionId);
      throw error;
    }
  }

  /** Of more than can be followed anew at once, the oldest isn't any more. */
  #follow(distributionId, listeners) {
    this.#followed.delete(distributionId);
    this.#followed.set(distributionId, new Set(listeners));
    if (this.#followed.size > MOST_FOLLOWED) this.#followed.delete(this.#followed.keys().next().value);
  }

  /** The distributions that this caller may see, the newest first: their counts, no rows. */
  async distributions() {
    return (await this.request("distribution:get", {}, { answer: "distribution" })).distributions;
  }

  /**
   * Who of these users is there, for a host: `{ meetingId, userIds }`. Resolves with `presence:state`, of who is `online` and
   * who `offline`. `onChange` is told `[{ userId, online }]`: of everybody at first and after a reconnect, and then of who
   * comes and goes. Another list takes the place of the meeting's last; an empty one ends it.
   */
  async watch({ meetingId, userIds }, onChange = () => {}) {
    const name = digits({ meetingId });
    const watch = { meetingId, userIds, onChange };
    this.#watched.set(name, watch);
    try {
      const how = { answer: "presence:state", heed: this.#stateOf(name, watch) };
      const state = await this.request("presence:watch", { meetingId, userIds }, how);
      if (userIds.length === 0) this.#watchNoMore(name, watch);
      return state;
    } catch (error) {
      // One that was lost with the connection is made up for when that is back.
      if (!error.retryable) this.#watchNoMore(name, watch);
      throw error;
    }
  }

  /** The token of this meeting was used, or isn't wanted any more: no fresh one is asked for. */
  used(meetingId) {
    for (const one of [...this.#unused.values()]) {
      if (digits(one) === digits({ meetingId })) this.#forget(one);
    }
  }

  /** The time to the hub and back, in milliseconds. */
  async ping() {
    const sent = now();
    await this.request("ping", undefined, { answer: "pong", seconds: this.#options.pingSeconds });
    const latency = now() - sent;
    this.#emit("latency", latency);
    return latency;
  }

  /**
   * Any event: resolves with the data of the frame `answer`, rejects with a `HubError`. The events named in `between`
   * come before the answer: each goes to its listener, if it has one, and starts the deadline anew.
   * @param {string} event
   * @param {object} [data]
   * @param {{ answer: string, between?: object, seconds?: number }} how
   */
  async request(event, data, { answer, between = {}, seconds = this.#options.answerSeconds, ...more }) {
    const deadline = Date.now() + seconds * 1000;
    // What may take long once it is sent need not wait so long to be sent.
    const sendBy = Date.now() + Math.min(seconds, this.#options.answerSeconds) * 1000;
    if (this.#state !== "open") await this.#arrived(sendBy);
    return this.#ask(event, data, { answer, between, seconds, deadline, ...more });
  }

  /** Sends a text as it is, for trying things out. The answer, if any, is an event. */
  sendText(text) {
    if (this.#state !== "open") throw this.#away();
    this.#emit("frame", { direction: "out", text: this.#withoutCredential(text) });
    this.#link.sendText(text);
  }

  /** Calls the listener with each event's data (and the whole frame). Returns what takes it away again. */
  on(event, listener) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event).add(listener);
    return () => this.#listeners.get(event).delete(listener);
  }

  /** Whether a listener took it. */
  #emit(event, ...what) {
    return [...(this.#listeners.get(event) ?? [])].filter((listener) => this.#tell(listener, ...what)).length > 0;
  }

  /** A listener's mistake is its own: it shows as uncaught, and the session goes on. Answers whether there was none. */
  #tell(listener, ...what) {
    try {
      listener(...what);
      return true;
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
      return false;
    }
  }

  #enter(state) {
    this.#state = state;
    this.#emit("state", { state, close: this.#close, retryAt: this.#retryAt });
  }

  #open() {
    clearTimeout(this.#timers.retry);
    if (!this.#options.getCredential) {
      if (this.#dial()) this.#enter("connecting");
      return;
    }
    const opening = (this.#opening = {});
    const current = (then) => (value) => this.#opening === opening && then(value);
    this.#enter("connecting");
    this.#fetchCredential().then(
      current((credential) => {
        if (credential === null) return this.#end(this.#close?.then === "renew" ? this.#close : NO_CREDENTIAL, "stay");
        this.#credential = credential;
        this.#dial();
      }),
      current((error) => this.#end({ code: 1006, reason: error.message }, "wait")),
    );
  }

  /** Whether a connection is being made. */
  #dial() {
    this.#opening = null;
    try {
      this.#link = this.#carrier(this.#url, {
        open: () => this.#opened(),
        frame: (frame, like) => this.#read(frame, like),
        answer: (id, data) => this.#answered(id, data),
        transport: () => this.#state === "open" && this.#emit("transport", this.transport),
        close: (close) => this.#end(close, afterClose(close.code)),
      });
    } catch (error) {
      this.#end({ code: 0, reason: error.message }, "stay");
      return false;
    }
    this.#timers.connect = setTimeout(
      () => this.#end({ code: 1006, reason: "the hub did not answer in time" }, "wait"),
      this.#options.connectSeconds * 1000,
    );
    return true;
  }

  #opened() {
    clearTimeout(this.#timers.connect);
    this.#openedAt = Date.now();
    this.#close = undefined;
    this.#timers.heartbeat = setInterval(() => this.#test(), this.#options.heartbeatSeconds * 1000);
    this.#timers.heartbeat.unref?.();
    // Set before the users are announced, which are on their way before whatever waits for the connection.
    this.#state = "open";
    for (const [key, userId] of this.#users) this.#again(key, userId);
    for (const distributionId of this.#followed.keys()) this.#followAgain(distributionId);
    for (const [name, watch] of this.#watched) this.#watchAgain(name, watch);
    this.#enter("open");
    for (const arrival of [...this.#arrivals]) arrival.resolve();
  }

  /** Authenticates again after a reconnect. */
  async #again(key, userId) {
    const link = this.#link;
    try {
      await this.#identify(userId);
    } catch (error) {
      if (this.#link !== link) return;
      if (this.#isRenewable(error)) return this.#end({ code: CLOSES[error.code], reason: error.code }, "renew");
      if (error.retryable) return this.#end({ code: 1006, reason: error.message }, "wait");
      this.#users.delete(key);
    }
  }

  #identify(userId) {
    const deadline = Date.now() + this.#options.answerSeconds * 1000;
    return this.#ask("authenticate", this.#hello(userId), { answer: "authenticated", deadline });
  }

  #hello(userId) {
    return this.#options.acks ? { userId, acks: true } : { userId };
  }

  /** Follows a distribution on a new connection: how it stands makes up for what was told meanwhile. */
  async #followAgain(distributionId) {
    const deadline = Date.now() + this.#options.answerSeconds * 1000;
    try {
      const how = { answer: "distribution", deadline };
      this.#progressed(asProgress(await this.#ask("distribution:get", { distributionId, follow: true }, how)));
    } catch (error) {
      if (!error.retryable) this.#followed.delete(distributionId);
    }
  }

  /** Watches on a new connection: how everybody is makes up for who came and went meanwhile. */
  async #watchAgain(name, watch) {
    const { meetingId, userIds } = watch;
    const deadline = Date.now() + this.#options.answerSeconds * 1000;
    const how = { answer: "presence:state", deadline, heed: this.#stateOf(name, watch) };
    try {
      await this.#ask("presence:watch", { meetingId, userIds }, how);
    } catch (error) {
      if (!error.retryable) this.#watchNoMore(name, watch);
    }
  }

  /** Tells a watch how everybody is, unless another has taken its place. */
  #stateOf(name, watch) {
    const all = (userIds, online) => userIds.map((userId) => ({ userId, online }));
    return ({ online, offline }) => {
      if (this.#watched.get(name) === watch) this.#tell(watch.onChange, [...all(online, true), ...all(offline, false)]);
    };
  }

  #watchNoMore(name, watch) {
    if (this.#watched.get(name) === watch) this.#watched.delete(name);
  }

  #progressed(data) {
    for (const listener of [...(this.#followed.get(data.distributionId) ?? [])]) this.#tell(listener, data);
  }

  #presenceChanged(data) {
    const watch = this.#watched.get(digits(data));
    if (watch) this.#tell(watch.onChange, data.changes);
  }

  /** The host's ZAK by itself, told where the distribution's own has not come meanwhile. */
  #startLate({ meetingId, hostUserId }, isWanted, started) {
    this.start({ meetingId, hostUserId }).then(
      (data) => isWanted() && this.#tell(started, data),
      // The distribution's own refusal says why.
      () => {},
    );
  }

  /** Whether a fresh credential, which can be had, makes up for it. */
  #isRenewable({ code }) {
    return this.#options.getCredential !== undefined && afterClose(CLOSES[code]) === "renew";
  }

  /** A fresh credential, or null. Whoever wants one meanwhile gets the same. */
  #fetchCredential() {
    const { getCredential, answerSeconds } = this.#options;
    const fetch = async () => {
      let credential;
      try {
        credential = await within(answerSeconds, getCredential());
      } catch (error) {
        // Its message may quote the credential, as that of JSON.parse would.
        throw new Error(`no credential: getCredential failed (${error?.name ?? "without an Error"})`);
      }
      const isGiven = credential === null || (typeof credential === "string" && credential !== "");
      if (!isGiven) throw new Error("no credential: getCredential gave none");
      return credential;
    };
    this.#fetching ??= fetch().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  /**
   * Shows a fresh credential, for every user of the session. Nobody waits for that: the session lives on meanwhile, and
   * what fails is tried again for as long as it does.
   */
  async #renew() {
    const [link, before] = [this.#link, this.#credential];
    if (this.#state !== "open" || this.#renewing === link) return;
    this.#renewing = link;
    this.#renewAt = 0;
    clearTimeout(this.#timers.renew);
    try {
      const credential = await this.#fetchCredential();
      if (this.#link !== link) return;
      if (credential === null) throw new Error("no credential");
      this.#credential = credential;
      await Promise.all([...this.#users.values()].map((userId) => this.#identify(userId)));
      this.#failedRenewals = 0;
    } catch {
      if (this.#link !== link) return;
      this.#credential = before;
      this.#renewIn(waitSeconds(this.#failedRenewals++, this.#options));
    } finally {
      if (this.#renewing === link) this.#renewing = null;
    }
  }

  #renewIn(seconds) {
    this.#renewAt = Date.now() + seconds * 1000;
    alarm(this.#timers, "renew", this.#renewAt, () => this.#renew());
  }

  /** Tells the hub that a token has arrived. */
  #confirm(deliveryId) {
    if (!this.#options.acks || deliveryId === undefined || this.#confirmed.has(deliveryId)) return;
    if (this.#state !== "open") return;
    if (this.#confirmed.size >= 100) this.#confirmed.delete(this.#confirmed.values().next().value);
    this.#confirmed.add(deliveryId);
    this.#send({ event: "delivery:ack", data: { deliveryId } });
  }

  /** A token has come, which `call` may have asked for: a fresh one is asked for before it ends. */
  #keepFresh({ meetingId, expiresAt, timestamp }, call) {
    const users = [...this.#users.values()];
    const userId = call?.event === "meeting:join" ? call.data.participantUserId : users.length === 1 ? users[0] : undefined;
    // By the hub's own clock.
    const left = (Date.parse(expiresAt) - Date.parse(timestamp)) / 1000;
    if (!userId || !(left > 0) || this.#options.freshForSeconds <= 0) return;
    const key = `${meetingId} ${userId.toLowerCase()}`;
    const before = this.#unused.get(key);
    if (before) this.#forget(before);
    const [at, until] = [freshSeconds(left), left].map((seconds) => Date.now() + seconds * 1000);
    const since = before?.since ?? Date.now();
    const one = { key, meetingId, userId, since, at, until, failed: 0, isAsking: false, timers: {} };
    this.#unused.set(key, one);
    alarm(one.timers, "fresh", at, () => this.#freshen(one));
  }

  /** Asks for a fresh token, which comes to the listeners like any other; and again where that fails, until the last ends. */
  async #freshen(one) {
    const { meetingId, userId: participantUserId } = one;
    if (one.isAsking) return;
    const isOver = Date.now() - one.since >= this.#options.freshForSeconds * 1000;
    if (isOver || !this.#listeners.get("meeting:credentials")?.size) return this.#forget(one);
    one.isAsking = true;
    try {
      const how = { answer: "meeting:credentials", freshens: one };
      await this.request("meeting:join", { meetingId, participantUserId }, how);
    } catch (error) {
      const wait = Math.max(waitSeconds(one.failed++, this.#options), error.retryAfterSeconds ?? 0) * 1000;
      one.isAsking = false;
      one.at = Date.now() + wait;
      if (!error.retryable || one.at >= one.until) this.#forget(one);
      else if (this.#isUnused(one)) alarm(one.timers, "fresh", one.at, () => this.#freshen(one));
    }
  }

  #isUnused(one) {
    return this.#unused.get(one.key) === one;
  }

  #forget(one) {
    clearTimeout(one.timers.fresh);
    if (this.#isUnused(one)) this.#unused.delete(one.key);
  }

  /** What is said of the credential's end, by the hub's own clock. */
  #heedCredential(event, data) {
    if (!this.#options.getCredential) return;
    if (event === "authenticated") {
      const left = (Date.parse(data?.expiresAt) - Date.parse(data?.timestamp)) / 1000;
      if (left >= 0) this.#renewIn(renewalSeconds(left));
    } else if (event === "error" && data?.code === "credential_expired" && data.event === undefined) {
      this.#renew();
    }
  }

  /** A text as listeners may see it. */
  #withoutCredential(text) {
    const known = this.#credential === undefined ? text : text.replaceAll(this.#credential, MASK);
    return known.replace(/("token"\s*:\s*")(?:[^"\\]|\\.)*/g, `$1${MASK}`);
  }

  /** Asks, over the connection that there is. `heed` gets the answer at once; `freshens` says what a token is asked for. */
  #ask(event, data, { answer, between = {}, seconds, deadline, heed, again, freshens }) {
    if (this.#state !== "open") return Promise.reject(this.#away());
    const id = String(this.#nextId++);
    return new Promise((resolve, reject) => {
      const resolved = (data) => {
        heed?.(data);
        resolve(data);
      };
      this.#pending.set(id, { event, data, answer, between, seconds, freshens, timer: 0, resolve: resolved, reject });
      this.#waitFor(id, deadline - Date.now());
      const shown = event === "authenticate" && this.#credential ? { token: this.#credential, ...data } : data;
      this.#send(shown === undefined ? { event, id } : { event, data: shown, id }, again);
    });
  }

  #send(frame, again) {
    this.#emit("frame", { direction: "out", frame: withoutToken(this.#link.send(frame, again)) });
  }

  /** The answer has so many milliseconds from now. */
  #waitFor(id, ms) {
    const asked = this.#pending.get(id);
    const { event, reject } = asked;
    const late = { code: "no_answer", message: `No answer to ${event} in time`, retryable: true, event };
    clearTimeout(asked.timer);
    asked.timer = setTimeout(() => this.#settle(id, reject, new HubError(late)), ms);
  }

  #read(frame, like) {
    this.#emit("frame", { direction: "in", frame });
    const { event, data, id } = frame;
    const asked = id === undefined ? undefined : this.#pending.get(id);
    const isTaken = asked && event === asked.answer;
    if (asked && event === "error") this.#settle(id, asked.reject, new HubError(data));
    else if (isTaken) this.#settle(id, asked.resolve, data);
    else if (asked && Object.hasOwn(asked.between, event)) {
      this.#waitFor(id, asked.seconds * 1000);
      if (asked.between[event]) this.#tell(asked.between[event], data);
    }
    this.#heedCredential(event, data);
    if (event === "meeting:progress") this.#progressed(data);
    // The last rows are told by the outcome alone.
    if (event === "meeting:distributed") this.#progressed(asProgress(data));
    if (event === "presence:change") this.#presenceChanged(data);
    if (event !== "meeting:credentials") this.#emit(event, data, frame);
    else this.#receive(data, frame, asked ?? this.#pending.get(like), isTaken && !asked.freshens);
  }

  /** A token, of `call` perhaps, that somebody has perhaps taken already. */
  #receive(data, frame, call, isTaken) {
    // It was used, or done without, while the fresh one was on its way.
    if (call?.freshens && !this.#isUnused(call.freshens)) return;
    // Before it is told: a listener may use it.
    this.#keepFresh(data, call);
    if (this.#emit("meeting:credentials", data, frame) || isTaken) this.#confirm(data.deliveryId);
  }

  /** An answer without its event, which comes by itself: a refusal is known by its code. */
  #answered(id, data) {
    const asked = this.#pending.get(id);
    if (!asked) return;
    if (typeof data?.code === "string") return this.#settle(id, asked.reject, new HubError(data));
    this.#settle(id, asked.resolve, data);
    if (asked.answer === "meeting:credentials" && !asked.freshens) this.#confirm(data.deliveryId);
  }

  #settle(id, settle, value) {
    clearTimeout(this.#pending.get(id).timer);
    this.#pending.delete(id);
    settle(value);
  }

  /** Why nothing can be sent now. */
  #away() {
    if (this.#state === "idle") return gone("Call connect() first");
    if (this.#state === "closed") return gone(`The connection is closed: ${told(this.#close)}`);
    return lost("The connection is not open");
  }

  /** Resolves once the connection is open. */
  #arrived(deadline) {
    if (this.#state === "open") return Promise.resolve();
    if (this.#state === "idle" || this.#state === "closed") return Promise.reject(this.#away());
    return new Promise((resolve, reject) => {
      const done = (settle) => (value) => {
        clearTimeout(arrival.timer);
        this.#arrivals.delete(arrival);
        settle(value);
      };
      const arrival = { resolve: done(resolve), reject: done(reject) };
      const late = () => arrival.reject(lost("The hub could not be reached in time"));
      arrival.timer = setTimeout(late, Math.max(0, deadline - Date.now()));
      this.#arrivals.add(arrival);
    });
  }

  /** Lets the connection go, and tells whoever waits for an answer. */
  #drop(error) {
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#opening = this.#renewing = null;
    this.#renewAt = this.#failedRenewals = 0;
    this.#confirmed.clear();
    this.#link?.close();
    this.#link = null;
    for (const [id, asked] of [...this.#pending]) this.#settle(id, asked.reject, error);
  }

  /** The connection has ended, or is given up. */
  #end({ code, reason }, then) {
    if (then === "renew" && !this.#options.getCredential) then = "stay";
    this.#close = { code, reason, then };
    const error = then === "stay" ? gone(told(this.#close)) : lost(told(this.#close));
    this.#drop(error);
    if (then === "stay") {
      for (const arrival of [...this.#arrivals]) arrival.reject(error);
      this.#listenForWaking(false);
      return this.#enter("closed");
    }
    // One that nobody authenticated on was not, however long the hub waited for that.
    const wasGood = this.#openedAt && Date.now() - this.#openedAt > GOOD_AFTER_MS && code !== CLOSES.authentication_timeout;
    if (wasGood) this.#attempt = 0;
    this.#openedAt = 0;
    const atOnce = then === "renew" && this.#attempt === 0;
    const wait = waitSeconds(this.#attempt++, this.#options) * 1000;
    this.#retryAt = Date.now() + (atOnce ? 0 : wait);
    this.#timers.retry = setTimeout(() => this.#open(), this.#retryAt - Date.now());
    this.#enter("waiting");
  }

  /** Tests the connection: one that doesn't answer is given up. */
  async #test() {
    const link = this.#link;
    try {
      await this.ping();
    } catch (error) {
      const given = error.code === "no_answer" && this.#state === "open" && this.#link === link;
      if (given) this.#end({ code: 1006, reason: "the hub no longer answers" }, "wait");
    }
  }

  /** Back from sleep, or online again. */
  #awake() {
    if (globalThis.document?.visibilityState === "hidden") return;
    if (this.#state === "open") {
      this.#test();
      // The timers slept, too.
      if (this.#renewAt && Date.now() >= this.#renewAt) this.#renew();
      for (const one of [...this.#unused.values()]) if (Date.now() >= one.at) this.#freshen(one);
    }
    // Not all at the same moment, should the whole office be back.
    else if (this.#state === "waiting") {
      const soon = Math.random() * 500;
      if (Date.now() + soon >= this.#retryAt) return;
      clearTimeout(this.#timers.retry);
      this.#retryAt = Date.now() + soon;
      this.#timers.retry = setTimeout(() => this.#open(), soon);
    }
  }

  #listenForWaking(on) {
    if (this.#waking === on) return;
    this.#waking = on;
    const change = on ? "addEventListener" : "removeEventListener";
    globalThis.document?.[change]("visibilitychange", this.#wake);
    if (typeof globalThis.window === "object") globalThis.window[change]("online", this.#wake);
  }
}

/** The socket's address: of http or ws, with or without the path. */
function address(url) {
  const parsed = new URL(url, globalThis.location?.href);
  if (parsed.protocol === "file:") throw new TypeError("Name the hub: new Hub(\"ws://localhost:3000/ws\")");
  parsed.protocol = parsed.protocol.replace(/^http/, "ws");
  if (parsed.pathname === "/" || parsed.pathname === "/client.js") parsed.pathname = "/ws";
  parsed.hash = "";
  return parsed.href;
}

/** What a text says as JSON, if it is any. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A frame as listeners may see it. */
function withoutToken(frame) {
  return frame.data?.token === undefined ? frame : { ...frame, data: { ...frame.data, token: MASK } };
}

/** A meeting's ID as it is compared: sent as a number or with spaces, it comes back as digits. */
function digits(data) {
  return String(data?.meetingId).replace(/[\s-]/g, "");
}

/** A distribution as it stands, told as its progress is. */
function asProgress({ meetingId, distributionId, total, successful: delivered, pending, failed, participants }) {
  const done = delivered + pending + failed;
  return { meetingId, distributionId, done, total, delivered, pending, failed, etaSeconds: 0, participants };
}

/** A name for a request. There is no randomUUID in a page that came without TLS. */
function randomKey() {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Sets the timer of this name to go off then, however far that is. */
function alarm(timers, name, at, ring) {
  clearTimeout(timers[name]);
  const left = at - Date.now();
  const wait = Math.min(left, LONGEST_TIMER_MS);
  timers[name] = setTimeout(() => (wait < left ? alarm(timers, name, at, ring) : ring()), wait);
  timers[name].unref?.();
}

function lost(message) {
  return new HubError({ code: "connection_lost", message, retryable: true });
}

function gone(message) {
  return new HubError({ code: "connection_closed", message, retryable: false });
}

function told({ code, reason }) {
  return reason ? `${reason} (${code})` : `the connection was lost (${code})`;
}

function now() {
  return globalThis.performance.now();
}

function within(seconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new DOMException("it took too long", "TimeoutError")), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
