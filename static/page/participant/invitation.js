// One meeting in the participant’s view: invited to it, its token, and what becomes of that.

import { announce, button, chip, el, fill, svg } from "../dom.js";
import { Joining } from "./joining.js";
import { spaced } from "../state.js";
import { tokenCard } from "../tokens.js";
import { detail, plainly } from "../words.js";

const LOOKS = {
  invited: {
    chip: ["busy", "On its way", "clock"],
    title: "You’re invited",
    words: "Your token is on its way. There’s nothing to do: it comes by itself.",
  },
  asking: { chip: ["busy", "On its way", "clock"], title: "Getting your token…", words: "This takes a moment." },
  here: {
    chip: ["good", "Ready", "check"],
    title: "Your token is here",
    words: "It’s yours alone, and for this meeting. Before it ends, a fresh one takes its place by itself.",
  },
  used: {
    chip: ["plain", "In use", "video"],
    title: "You’re in the meeting",
    words: "No fresh token is fetched any more. If you drop out and have to join again, get one here.",
  },
  ended: { chip: ["warn", "Ended", "clock"], title: "This token has ended", words: "A token lives for a short time only, and no fresh one came." },
  failed: { chip: ["warn", "No token", "warn"], title: "You were invited", words: "No token came of it. Ask your host, or get one yourself." },
  refused: { chip: ["bad", "No token", "warn"], title: "There’s no token for you yet", words: "" },
};

/** One meeting’s card. It is in one of the states above; the token is in this element’s closures alone. */
export class Invitation {
  #number;
  #userId;
  #ask;
  #use;
  #state = "";
  #endsAt = Infinity;
  #isAsking = false;
  #chip = el("div", { class: "invitation-chip" });
  #title = el("h2", { tabindex: "-1" });
  #words = el("p", { class: "invitation-words" });
  #body = el("div", { class: "invitation-body" });
  #actions = el("div", { class: "invitation-actions" });
  #joining;
  /** The connection that its token came over, which gets the fresh ones too. */
  servedBy = null;

  /** `ask` gets a token, which then comes to `take`; `use` says that no fresh one is wanted. */
  constructor(meetingId, userId, { ask, use }) {
    this.#number = spaced(meetingId);
    this.#userId = userId;
    this.#ask = ask;
    this.#use = use;
    this.#joining = new Joining(meetingId, userId);
    const number = el("p", { class: "number" }, el("span", { class: "visually-hidden" }, "Meeting "), this.#number);
    this.element = el(
      "article",
      { class: "card invitation", "aria-label": `Meeting ${this.#number}` },
      el("div", { class: "invitation-head" }, this.#title, this.#chip),
      number,
      this.#words,
      this.#body,
      this.#actions,
      this.#joining.element,
    );
    this.#show("asking");
  }

  /** Whether there was no token yet, but word that there will be one. */
  get isPromise() {
    return this.#state === "invited" || this.#state === "failed";
  }

  /** What the hub says of the meeting on arrival over `hub`: how the row stands. */
  stands(status, hub) {
    const isOut = status === "delivered" || status === "acknowledged";
    if (this.#state === "used" || (this.#state === "here" && (!isOut || this.servedBy === hub))) return;
    if (isOut) this.ask();
    else if (status === "failed") this.#fail();
    else this.#invite();
  }

  #invite() {
    if (this.#state === "invited") return;
    this.#show("invited");
    announce(`Your host has invited you to ${this.#number}; your token is on its way`);
  }

  #fail() {
    if (this.#state === "failed") return;
    this.#show("failed", { actions: [this.#asking("Get one now")] });
    announce(`Your host invited you to ${this.#number}, but no token came of it`);
  }

  /** A token has come. */
  take({ obfToken, expiresAt, timestamp, simulated }) {
    const isFresh = this.#state === "here" || this.#state === "ended";
    // By the hub’s clock where it told the time, for this machine’s may be wrong.
    this.#endsAt = Date.now() + Date.parse(expiresAt) - (timestamp ? Date.parse(timestamp) : Date.now());
    this.#joining.take(obfToken);
    const onFresh = () => this.ask();
    const [kind, token, userId] = ["OBF", obfToken, this.#userId];
    this.#show("here", {
      body: [tokenCard({ kind, token, userId, expiresAt, timestamp, simulated, onFresh })],
      actions: [button("I’m in the meeting", { icon: "video", class: "accent", label: this.#of("I’m in the meeting"), onclick: () => this.#used() })],
    });
    announce(`${isFresh ? "A fresh" : "Your"} token for meeting ${this.#number} is here`);
  }

  /** Nobody needs the token any more, so that it isn’t kept on show. */
  #used() {
    this.#use();
    this.#endsAt = Infinity;
    this.#joining.take("");
    this.#show("used", { actions: [this.#asking("Get a fresh one")] });
    announce(`${LOOKS.used.title}. No fresh token is fetched any more.`);
  }

  /** Sees whether the token has ended. A fresh one should have come before that. */
  tick() {
    if (Date.now() < this.#endsAt) return;
    this.#endsAt = Infinity;
    this.#joining.take("");
    announce(`The token for meeting ${this.#number} has ended`);
    if (this.#isAsking) this.#show("asking");
    else this.#show("ended", { actions: [this.#asking("Get a fresh one", "primary")] });
  }

  /** Asks for a token. What there is stays on show meanwhile. */
  async ask() {
    if (this.#isAsking) return;
    this.#isAsking = true;
    if (this.#state !== "here") this.#show("asking");
    try {
      await this.#ask();
    } catch (error) {
      this.#refuse(error);
    } finally {
      this.#isAsking = false;
    }
  }

  #refuse({ code, message, error, retryAfterSeconds }) {
    const { what, then } = plainly(code);
    const said = detail(error ?? message);
    const why = el(
      "div",
      { class: "refusal" },
      svg("warn"),
      el(
        "div",
        {},
        el("strong", {}, what),
        el("p", {}, then, retryAfterSeconds ? ` The hub suggests ${retryAfterSeconds} s.` : ""),
        said ? el("p", { class: "said" }, said) : null,
      ),
    );
    this.#body.querySelector(".refusal")?.remove();
    if (this.#state === "here") this.#body.append(why);
    else this.#show("refused", { body: [why], actions: [this.#asking("Try again")] });
    announce(`Meeting ${this.#number}: ${what} ${then}`);
  }

  #asking(word, kind) {
    return button(word, { icon: "fresh", class: kind ?? "accent", label: this.#of(word), onclick: () => this.ask() });
  }

  /** What a button is called, for those who hear it apart from its card. */
  #of(word) {
    return `${word}: meeting ${this.#number}`;
  }

  #show(state, { body = [], actions = [] } = {}) {
    const had = this.element.contains(document.activeElement) ? document.activeElement : null;
    const { chip: [kind, word, icon], title, words } = LOOKS[state];
    this.#state = state;
    fill(this.#chip, chip(kind, word, icon));
    this.#title.textContent = title;
    this.#words.textContent = words;
    fill(this.#body, body);
    fill(this.#actions, actions);
    this.#joining.element.hidden = state !== "here";
    this.element.dataset.state = state;
    if (had) this.#keepFocus(had);
  }

  /** What had the focus may be gone: the button of that name has it then, or else the card’s title. */
  #keepFocus(had) {
    if (had.isConnected && had.checkVisibility()) return;
    const name = (one) => one.getAttribute("aria-label") ?? one.textContent;
    const same = [...this.element.querySelectorAll("button")].find((one) => name(one) === name(had));
    (same?.checkVisibility() ? same : this.#title).focus({ preventScroll: true });
  }
}
