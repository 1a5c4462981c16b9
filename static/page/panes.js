// The people's cards. Each has a connection of its own, authenticated as its owner, and shows what came over it.

import { connection, drop, hasRoomFor } from "./carriers.js";
import { lacks } from "./credential.js";
import { announce, avatar, button, chip, el, fill, named, shortly, svg } from "./dom.js";
import { record } from "./log.js";
import { isSimulated, refreshHealth } from "./http.js";
import { sameUser, state } from "./state.js";
import { tokenCard } from "./tokens.js";
import { detail, plainly, whyClosed } from "./words.js";

/** One person: host or participant. */
export class Pane {
  #hub = connection({ heartbeatSeconds: 10 });
  #head = { chip: el("span", { class: "slot" }), latency: el("span", { class: "latency" }) };
  #body = el("div", { class: "pane-body" });
  #foot = el("div", { class: "pane-foot" });
  #ticking = 0;
  #why = undefined;
  /** Not connected until somebody says so. */
  #away = false;
  /** Called whenever the connection's state or latency has changed. */
  onChange = () => {};

  constructor(userId, role, away = false) {
    this.userId = userId;
    this.role = role;
    this.#away = away;
    this.latency = null;
    const name = el("h3", { class: "pane-name" }, named(userId));
    this.element = el(
      "article",
      { class: `card pane ${role}`, "aria-label": `${role === "host" ? "Host" : "Participant"} ${userId}` },
      el(
        "header",
        { class: "pane-head" },
        avatar(userId, role),
        el("div", { class: "pane-title" }, name, el("p", {}, role === "host" ? "Host" : "Participant", this.#head.latency)),
        this.#head.chip,
      ),
      this.#body,
      this.#foot,
    );
    this.#listen();
    this.#wait();
    this.#showConnection();
  }

  get hub() {
    return this.#hub;
  }

  get isOpen() {
    return this.#hub.state === "open";
  }

  /** Connects, and authenticates as the owner. */
  async connect() {
    this.#away = false;
    const lacking = lacks(this.userId);
    if (lacking) return this.refuse({ code: lacking });
    if (!hasRoomFor(this.#hub)) return this.refuse({ code: "too_many_polling" });
    if (this.#body.querySelector(".lacks")) this.#wait();
    // Whether it opens is seen at its state; who is authenticated waits for that.
    this.#hub.connect().catch(() => {});
    try {
      await this.#hub.authenticate(this.userId);
    } catch (error) {
      // The card says why where the connection ended; here the hub refused the user.
      if (this.isOpen) this.refuse(error);
    }
  }

  /** There is another credential, or none: connects with that, unless its owner is away. */
  identify() {
    if (!["idle", "closed"].includes(this.#hub.state)) this.#hub.disconnect();
    this.#why = undefined;
    this.#wait();
    this.#showConnection();
    if (!this.#away) this.connect();
  }

  remove() {
    clearInterval(this.#ticking);
    drop(this.#hub);
    this.element.remove();
  }

  #listen() {
    const hub = this.#hub;
    hub.on("state", ({ state: now }) => {
      this.#showConnection();
      if (now === "open") hub.ping().catch(() => {});
    });
    hub.on("transport", () => this.onChange());
    hub.on("frame", (sent) => {
      if (!HEARTBEATS.has(sent.frame?.event)) record(this.userId, sent);
    });
    hub.on("latency", (ms) => {
      this.latency = ms;
      this.#head.latency.textContent = ` · ${shortly(ms)}`;
      this.onChange();
    });
    hub.on("meeting:started", (data) => this.#token("ZAK", data.zakToken, data));
    hub.on("meeting:credentials", (data) => this.#token("OBF", data.obfToken, data));
  }

  #token(kind, token, data) {
    const simulated = data.simulated === true || isSimulated();
    const onFresh = () => this.fresh();
    const had = this.#body.contains(document.activeElement);
    const card = tokenCard({ ...data, kind, token, userId: this.userId, simulated, onFresh });
    fill(this.#body, card);
    if (had) card.querySelector(".countdown button").focus();
    this.element.classList.remove("arrived");
    requestAnimationFrame(() => this.element.classList.add("arrived"));
  }

  /** Asks for a token by itself, without a distribution. */
  async fresh() {
    const { meetingId } = state;
    try {
      if (this.role === "host") await this.#hub.start({ meetingId, hostUserId: this.userId });
      else await this.#hub.join({ meetingId, participantUserId: this.userId });
      announce(`A fresh token for ${this.userId}`);
    } catch (error) {
      this.refuse(error);
    }
  }

  /** Says in plain words why there is no token. */
  refuse({ code, message, error, retryAfterSeconds }) {
    const { what, then } = plainly(code);
    const said = detail(error ?? message);
    const again = ABSENT.has(code) ? "Get one now" : "Try again";
    const kind = LACKING.has(code) ? "refusal mild lacks" : ABSENT.has(code) ? "refusal mild" : "refusal";
    fill(
      this.#body,
      el(
        "div",
        { class: kind },
        svg("warn"),
        el(
          "div",
          {},
          el("strong", {}, what),
          el("p", {}, then, retryAfterSeconds ? ` The hub suggests ${retryAfterSeconds} s.` : ""),
          said && !ABSENT.has(code) ? el("p", { class: "said" }, said) : null,
          this.isOpen ? button(again, { icon: "fresh", label: `${again} for ${this.userId}`, onclick: () => this.fresh() }) : null,
        ),
      ),
    );
    // What all the cards lack is said once, where the credential is.
    if (!LACKING.has(code)) announce(`${this.userId}: ${what}`);
  }

  /** Its owner is awaited. */
  expectOwner() {
    fill(
      this.#body,
      el(
        "div",
        { class: "refusal mild" },
        svg("clock"),
        el("div", {}, el("strong", {}, "Not here yet."), el("p", {}, "A token is made on arrival, and comes by itself.")),
      ),
    );
  }

  #wait() {
    const words = this.role === "host" ? "The host’s ZAK token will be here." : "This participant’s OBF token will be here.";
    fill(this.#body, el("p", { class: "empty" }, words));
  }

  /** A new distribution begins: what an earlier one refused is of the past. */
  expect() {
    if (this.#body.querySelector(".refusal")) this.#wait();
  }

  #showConnection() {
    clearInterval(this.#ticking);
    const { state: now, lastClose } = this.#hub;
    // An attempt that fails says less than why the connection went in the first place.
    if (now === "open") this.#why = undefined;
    else if (!this.#why || lastClose?.code !== 1006) this.#why = lastClose;
    const had = this.#foot.contains(document.activeElement);
    const [kind, word] = CONNECTION[now];
    fill(this.#head.chip, chip(kind, word));
    this.element.classList.toggle("away", now !== "open");
    if (now !== "open") {
      this.latency = null;
      this.#head.latency.textContent = "";
    }
    const connect = (text) =>
      button(text, { icon: "plug", class: "accent", label: `${text} ${this.userId}`, onclick: () => this.connect() });
    if (now === "open") {
      const part = () => {
        this.#away = true;
        this.#hub.disconnect();
      };
      fill(this.#foot, button("Disconnect", { icon: "plug", class: "quiet", label: `Disconnect ${this.userId}`, onclick: part }));
    } else if (now === "idle") {
      fill(this.#foot, connect("Connect"));
    } else if (now === "connecting") {
      fill(this.#foot, el("p", { class: "why" }, whyClosed(this.#why) || "Connecting…"));
    } else if (now === "waiting") {
      const when = el("span");
      const count = () => {
        when.textContent = ` Reconnecting in ${Math.max(0, Math.ceil((this.#hub.retryAt - Date.now()) / 1000))} s.`;
      };
      count();
      this.#ticking = setInterval(count, 500);
      fill(this.#foot, el("p", { class: "why" }, whyClosed(this.#why), when), connect("Reconnect now"));
    } else {
      fill(this.#foot, el("p", { class: "why" }, whyClosed(this.#why)), connect("Reconnect"));
    }
    if (had) this.#foot.querySelector("button")?.focus();
    this.onChange();
  }
}

/** What a card lacks to connect, rather than what was refused. */
const LACKING = new Set(["no_credential", "other_credential"]);

/** What is nobody's fault: there was nobody, or nobody waits any more. */
const ABSENT = new Set(["not_connected", "hold_expired", "hold_full", "cancelled"]);

/** Every few seconds on every card: they would bury the rest of the log. */
const HEARTBEATS = new Set(["ping", "pong"]);

const CONNECTION = {
  idle: ["plain", "Not connected"],
  connecting: ["busy", "Connecting"],
  open: ["good", "Connected"],
  waiting: ["warn", "Reconnecting"],
  closed: ["plain", "Not connected"],
};

const panes = [];

/** Everybody's cards, the host's first. */
export function allPanes() {
  return panes;
}

export function paneOf(userId, role) {
  return panes.find((pane) => sameUser(pane.userId, userId) && (!role || pane.role === role));
}

/** Makes the cards fit the plan: who stays keeps card and connection. */
export function arrange(into, onChange) {
  const wanted = [
    { userId: state.hostUserId, role: "host" },
    ...state.participants.map((person) => ({ ...person, role: "participant" })),
  ];
  const kept = [];
  for (const { userId, role, away } of wanted) {
    let pane = panes.find((pane) => pane.userId === userId && pane.role === role);
    if (!pane) {
      pane = new Pane(userId, role, away);
      pane.onChange = onChange;
      if (!away) pane.connect();
    }
    kept.push(pane);
  }
  for (const pane of panes) if (!kept.includes(pane)) pane.remove();
  panes.splice(0, panes.length, ...kept);
  for (const pane of panes) into.append(pane.element);
  refreshHealth();
  onChange();
}
