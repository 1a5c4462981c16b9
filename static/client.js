// The hub's client: one session, in a browser or in Node 22 and later (older ones: pass `WebSocket`).
//
//   import { Hub } from "https://your-hub.example/client.js";   // in Node: a copy of this file
//
//   const hub = new Hub("wss://your-hub.example/ws");
//   hub.on("meeting:credentials", ({ meetingId, obfToken, expiresAt }) => joinMeeting(meetingId, obfToken));
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
//
// Calls         `authenticate`, `start`, `join`, `distribute`, `ping`: each a promise of the hub's answer. One made
//               while the connection is away waits for it. Every wait has a deadline.
// Progress      `onProgress` is called as soon as a distribution's rows begin, then at most four times a second, with
//               the data of `meeting:progress`; its `participants` are the rows that ended since the last. The deadline
//               `distributeSeconds` starts anew at each: a distribution may take long, as long as it goes on.
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
//               listeners get and no error has it. What was pushed while the connection was away is gone: ask again.

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
  const before = Math.min(120, life / 5) * (0.5 + random() / 2);
  return life - before >= 10 ? life - before : Math.max(1, left / 2);
}

/**
 * A carrier makes one connection, and tells `on` of it until it is closed here. When to come back, who is authenticated
 * and what a close code asks for is not its business, so that it is the same over each.
 *
 * @callback Carrier
 * @param {string} url the hub's, as `ws://…/ws`
 * @param {object} on `open()`; `frame({ event, data, id })`; `answer(id, data)`, for an answer whose event comes as a
 *   frame of its own, without the id; `transport()`, when that has changed; `close({ code, reason })`
 * @returns {{ transport: string, send: (frame: object) => object, sendText: (text: string) => void, close: () => void }}
 *   `send` returns the frame as it went out
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
    /** Distributions under way, by their frames' ids: the meeting, whether its ZAK has come, and then their own name. */
    const running = new Map();
    let farewell;
    socket.on("connect", () => on.open());
    socket.onAny((event, data) => {
      // An error that answers nothing is the last word before the hub ends the session; refusals may come meanwhile.
      if (event !== "error") farewell = undefined;
      else if (data?.event === undefined) farewell = data;
      on.frame({ event, data, ...answering(event, data) });
    });
    socket.on("disconnect", (reason, details) => on.close(ending(farewell, details, reason === "io server disconnect")));
    socket.on("connect_error", ({ data, description }) => {
      on.close(ending(data, { description }, data !== undefined && data.retryable !== true));
    });
    socket.io.engine.on("upgrade", () => on.transport());
    // An event has no id here: a host's ZAK belongs to the distribution of its meeting that has none yet. A progress
    // names its distribution, and the first, which tells of all that has ended so far, is of one that has no name yet.
    const answering = (event, data) => {
      const find = (fits) => [...running].find(([, one]) => fits(one)) ?? [];
      const nameless = (one, started) => one.meeting === digits(data) && one.started === started && !one.name;
      let id, one;
      if (event === "meeting:started") {
        [id, one] = find((one) => nameless(one, false));
        if (one) one.started = true;
      } else if (event === "meeting:progress") {
        [id, one] = find(({ name }) => name === data.distributionId);
        if (!one && data.done === data.participants.length) [id, one] = find((one) => nameless(one, true));
        if (one) one.name = data.distributionId;
      }
      return one ? { id } : {};
    };
    return {
      get transport() {
        return socket.io.engine.transport.name;
      },
      send({ event, data, id }) {
        if (event === "meeting:distribute") running.set(id, { meeting: digits(data), started: false });
        const acknowledged = (answer) => {
          running.delete(id);
          on.answer(id, answer);
        };
        socket.emit(event, ...(data === undefined ? [] : [data]), acknowledged);
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
    this.#credential = undefined;
    if (this.#state === "closed") return;
    this.#end({ code: 1000, reason: "closed by this client" }, "stay");
  }

  /**
   * Over another carrier from now on. A connection is made anew at once; whoever was authenticated is again, and what
   * was not answered yet is `connection_lost`.
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
      const data = await this.request("authenticate", { userId }, { answer: "authenticated" });
      remember();
      return data;
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
   * A whole distribution: `{ meetingId, hostUserId, participantUserIds }`. Resolves with `meeting:distributed` when
   * every row is settled; the host's ZAK comes first, to `onStarted`, and how far it is meanwhile, to `onProgress`. If
   * the connection dies meanwhile the distribution goes on, and its outcome is an event to the host's other sessions.
   */
  distribute(data, { onStarted, onProgress } = {}) {
    const seconds = this.#options.distributeSeconds;
    const between = { "meeting:started": onStarted, "meeting:progress": onProgress };
    return this.request("meeting:distribute", data, { answer: "meeting:distributed", between, seconds });
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
  async request(event, data, { answer, between = {}, seconds = this.#options.answerSeconds }) {
    const deadline = Date.now() + seconds * 1000;
    // What may take long once it is sent need not wait so long to be sent.
    const sendBy = Date.now() + Math.min(seconds, this.#options.answerSeconds) * 1000;
    if (this.#state !== "open") await this.#arrived(sendBy);
    return this.#ask(event, data, { answer, between, seconds, deadline });
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

  #emit(event, ...what) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) this.#tell(listener, ...what);
  }

  /** A listener's mistake is its own: it shows as uncaught, and the session goes on. */
  #tell(listener, ...what) {
    try {
      listener(...what);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
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
        frame: (frame) => this.#read(frame),
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
    return this.#ask("authenticate", { userId }, { answer: "authenticated", between: {}, deadline });
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
    this.#waitForRenewal();
  }

  #waitForRenewal() {
    clearTimeout(this.#timers.renew);
    const left = this.#renewAt - Date.now();
    const wait = Math.min(left, LONGEST_TIMER_MS);
    this.#timers.renew = setTimeout(() => (wait < left ? this.#waitForRenewal() : this.#renew()), wait);
    this.#timers.renew.unref?.();
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

  #ask(event, data, { answer, between, seconds, deadline }) {
    if (this.#state !== "open") return Promise.reject(this.#away());
    const id = String(this.#nextId++);
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { event, answer, between, seconds, timer: 0, resolve, reject });
      this.#waitFor(id, deadline - Date.now());
      const shown = event === "authenticate" && this.#credential ? { token: this.#credential, ...data } : data;
      const frame = shown === undefined ? { event, id } : { event, data: shown, id };
      this.#emit("frame", { direction: "out", frame: withoutToken(this.#link.send(frame)) });
    });
  }

  /** The answer has so many milliseconds from now. */
  #waitFor(id, ms) {
    const asked = this.#pending.get(id);
    const { event, reject } = asked;
    const late = { code: "no_answer", message: `No answer to ${event} in time`, retryable: true, event };
    clearTimeout(asked.timer);
    asked.timer = setTimeout(() => this.#settle(id, reject, new HubError(late)), ms);
  }

  #read(frame) {
    this.#emit("frame", { direction: "in", frame });
    const { event, data, id } = frame;
    const asked = id === undefined ? undefined : this.#pending.get(id);
    if (asked && event === "error") this.#settle(id, asked.reject, new HubError(data));
    else if (asked && event === asked.answer) this.#settle(id, asked.resolve, data);
    else if (asked && Object.hasOwn(asked.between, event)) {
      this.#waitFor(id, asked.seconds * 1000);
      if (asked.between[event]) this.#tell(asked.between[event], data);
    }
    this.#heedCredential(event, data);
    this.#emit(event, data, frame);
  }

  /** An answer without its event, which comes by itself: a refusal is known by its code. */
  #answered(id, data) {
    const asked = this.#pending.get(id);
    if (!asked) return;
    if (typeof data?.code === "string") this.#settle(id, asked.reject, new HubError(data));
    else this.#settle(id, asked.resolve, data);
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
      // The timer slept, too.
      if (this.#renewAt && Date.now() >= this.#renewAt) this.#renew();
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
