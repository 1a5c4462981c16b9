// The board: a host pastes a list, presses once, and watches it fill. What it shows is a distribution and those that were
// begun for the same meeting since, as retries are; the first one's name is in the address, so that a reload goes on.

import { lacks } from "../credential.js";
import { announce, el, fill, svg } from "../dom.js";
import { sameUser, spaced } from "../state.js";
import { detailOf, onEnter, setDetail } from "../views.js";
import { detail as detailed, plainly } from "../words.js";
import { csv, fileName, save } from "./csv.js";
import { Link } from "./link.js";
import { lineState, Outcome } from "./outcome.js";
import { Plan } from "./plan.js";
import { Rows } from "./rows.js";
import { Table } from "./table.js";
import { Tools } from "./tools.js";

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
/** Distributions to go on with that are offered. */
const OFFERED = 5;

/** Builds the board. */
export function board(into) {
  const made = new Board(into);
  onEnter("board", (distributionId) => made.enter(distributionId));
  return made;
}

class Board {
  #rows = new Rows();
  #link = new Link({
    state: () => this.#showLine(),
    progress: (told) => this.#progress(told),
    presence: (changes) => this.#changed(this.#rows.presence(changes)),
    zak: (data, hostUserId) => this.#outcome.zak(data, hostUserId),
  });
  #plan = new Plan({ onChange: (plan) => this.#planned(plan), onStart: (plan) => this.#begin(plan) });
  #outcome = new Outcome({ onCancel: () => this.#cancel(), onZak: () => this.#zak(), onNew: () => this.#startAnew() });
  #tools = new Tools({
    onLook: () => this.#arrange(),
    absent: () => this.#rows.shown({ filter: "absent", sort: "pasted" }).map(({ userId }) => userId),
    onRetry: () => this.#retry(this.#rows.retryable().map(({ userId }) => userId)),
    onExport: () => save(fileName(this.#about.meetingId), csv(this.#rows.all())),
  });
  #table = new Table((userId) => this.#retry([userId]));
  #line = lineState(() => this.#again());
  #lead = el("p", { class: "lead" }, "Paste who is in the meeting, press once, and see who has a token and who has not.");
  #notice = el("div", { class: "board-notice", role: "alert" });
  #recent = el("section", { class: "board-recent", "aria-labelledby": "board-recent-title", hidden: true });
  #people = el("section", { class: "board-people", "aria-label": "Everybody and their tokens", hidden: true });
  /** The meeting and the host of what is shown; null while it is still planned. */
  #about = null;
  /** The distributions on show, the first first, each with what was last told of it. */
  #shown = new Map();
  /** Presses that were not answered yet. */
  #pressed = 0;
  /** Another with each board: what is still told of the one before is of no interest. */
  #round = 0;
  #entered = undefined;
  #drawing = 0;

  constructor(into) {
    this.#people.append(...this.#tools.parts, ...this.#table.parts);
    fill(
      into,
      el(
        "div",
        { class: "board" },
        el(
          "header",
          { class: "board-title" },
          el("h1", { tabindex: "-1" }, "Board"),
          this.#lead,
          this.#line.element,
        ),
        this.#notice,
        this.#plan.element,
        this.#outcome.element,
        this.#recent,
        this.#people,
      ),
    );
    this.#show();
  }

  /** The view is in sight, perhaps with the distribution that the address names. */
  enter(distributionId) {
    const shown = this.#shown.keys().next().value ?? "";
    if (!distributionId && shown) return setDetail("board", shown);
    if (this.#entered !== undefined && distributionId === shown) return;
    this.#entered = distributionId;
    if (distributionId) this.#goOn(distributionId);
    else this.#offer();
  }

  /** There is another credential, or none: what is on show may not be for it. */
  identify() {
    this.#link.close();
    this.#showLine();
    if (this.#entered === undefined) return;
    this.#clear();
    this.#entered = undefined;
    this.enter(detailOf("board"));
  }

  /** What is written has changed: the table shows it, with who is here. */
  #planned({ meetingId, hostUserId, people }) {
    this.#rows.plan(people);
    this.#table.clear();
    this.#show();
    this.#arrange();
    if (/^\d{9,11}$/.test(meetingId) && hostUserId && people.length) this.#watch(meetingId, hostUserId);
  }

  /** Who is here is a help, no more: where the hub doesn't say, nothing is said. */
  #watch(meetingId, hostUserId) {
    const userIds = this.#rows.all().map(({ userId }) => userId);
    this.#link.watch(meetingId, hostUserId, userIds).catch(() => {
      this.#rows.forgetPresence();
      this.#changed(this.#rows.all());
    });
  }

  async #begin({ meetingId, hostUserId, people, hold }) {
    this.#plan.busy(true);
    this.#say();
    announce("Distributing");
    try {
      await this.#distribute({ meetingId, hostUserId, hold }, people);
    } finally {
      this.#plan.busy(false);
    }
  }

  #retry(userIds) {
    const { meetingId, hostUserId, hold } = this.#about;
    this.#say();
    announce(`Trying again for ${userIds.length === 1 ? userIds[0] : `${userIds.length} people`}`);
    return this.#distribute({ meetingId, hostUserId, hold }, userIds);
  }

  async #distribute(about, participantUserIds) {
    const round = this.#round;
    const isCurrent = () => this.#round === round;
    this.#pressed += 1;
    this.#draw();
    try {
      const outcome = await this.#link.distribute({ ...about, participantUserIds }, (distributionId) => {
        if (isCurrent()) this.#begun(distributionId, about, participantUserIds);
      });
      if (isCurrent()) this.#tell(outcome);
    } catch (error) {
      if (isCurrent()) this.#say(error, this.#about ? "How it ended is not known" : "Nothing was distributed");
    } finally {
      this.#pressed -= 1;
      this.#arrange();
    }
  }

  /** The hub has it: whoever is in it waits for a turn. */
  #begun(distributionId, about, userIds) {
    const isFirst = this.#about === null;
    this.#shown.set(distributionId, {});
    this.#rows.take(distributionId, userIds.map((userId) => ({ userId, status: "queued", sessions: 0 })));
    if (isFirst) {
      this.#about = { ...about, startedAt: Date.now() };
      this.#entered = distributionId;
      setDetail("board", distributionId);
      this.#outcome.begin(this.#about);
      this.#show();
      this.#arrange();
      scrollTo({ top: 0 });
      this.#watch(about.meetingId, about.hostUserId);
    } else this.#arrange();
  }

  /** A distribution of before, and what was begun for its meeting since. */
  async #goOn(distributionId) {
    this.#clear();
    const round = this.#round;
    try {
      await this.#link.as();
      const { meetingId, hostUserId } = await this.#follow(distributionId);
      const listed = await this.#link.recent();
      if (this.#round !== round) return;
      const first = listed.find((one) => one.distributionId === distributionId);
      const isRetry = (one) =>
        first && one.meetingId === meetingId && sameUser(one.hostUserId, hostUserId) && one.startedAt > first.startedAt;
      this.#about = { meetingId, hostUserId, hold: true, startedAt: first ? Date.parse(first.startedAt) : undefined };
      this.#outcome.begin(this.#about);
      for (const one of listed.filter(isRetry).reverse()) await this.#follow(one.distributionId);
      this.#show();
      this.#arrange();
      this.#watch(meetingId, hostUserId);
    } catch (error) {
      if (this.#round !== round) return;
      if (["no_credential", "connection_lost"].includes(error.code)) return this.#say(error, "The board can’t be shown");
      this.#clear();
      this.#entered = "";
      setDetail("board", "");
      this.#say(error, "That board is not there any more");
      this.#offer();
    }
  }

  #follow(distributionId) {
    this.#shown.set(distributionId, {});
    return this.#link.follow(distributionId);
  }

  /** What can be gone on with, where nothing is on show. */
  async #offer() {
    this.#show();
    this.#planned(this.#plan.read());
    if (lacks()) return;
    const listed = await this.#link.as().then(() => this.#link.recent()).catch(() => []);
    if (this.#about) return;
    const found = listed.slice(0, OFFERED);
    this.#recent.hidden = found.length === 0;
    fill(
      this.#recent,
      el("h2", { id: "board-recent-title" }, "Go on with"),
      el("ul", {}, found.map(({ distributionId, meetingId, startedAt, total, successful, pending }) =>
        el(
          "li",
          {},
          el(
            "a",
            { class: "card", href: `#board/${distributionId}` },
            el("strong", {}, `Meeting ${spaced(meetingId)}`),
            el("span", {}, `${successful} of ${total} have it${pending ? `, ${pending} awaited` : ""}`),
            el("span", { class: "meta" }, `since ${clock.format(Date.parse(startedAt))}`),
          ),
        ),
      )),
    );
  }

  async #cancel() {
    const open = [...this.#shown].filter(([, { pending, queued }]) => pending + queued > 0).map(([id]) => id);
    try {
      await this.#link.cancel(open);
      announce("Nobody is waited for any more");
    } catch (error) {
      this.#say(error, "It was not cancelled");
    }
    this.#arrange();
  }

  #again() {
    try {
      this.#link.again();
    } catch (error) {
      this.#say(error, "The board can’t reconnect");
    }
  }

  async #zak() {
    try {
      await this.#link.zak(this.#about);
    } catch (error) {
      this.#say(error, "The host has no token");
    }
  }

  #startAnew() {
    const about = this.#about;
    this.#clear();
    this.#entered = "";
    setDetail("board", "");
    this.#plan.begin({ ...about, meetingId: spaced(about.meetingId) });
    this.#offer();
  }

  #clear() {
    this.#round += 1;
    this.#shown.clear();
    this.#about = null;
    this.#rows.plan([]);
    this.#table.clear();
    this.#tools.reset();
    this.#outcome.forgetZak();
    this.#say();
    this.#show();
  }

  /** What a distribution's rows have become; `told` is a progress or a report. */
  #progress(told) {
    const { distributionId, total, pending, failed, etaSeconds = 0 } = told;
    const delivered = told.delivered ?? told.successful;
    // It is followed still, but of a board before this one.
    if (!this.#shown.has(distributionId)) return;
    this.#shown.set(distributionId, { pending, queued: total - delivered - pending - failed, etaSeconds });
    this.#changed(this.#rows.take(distributionId, told.participants));
  }

  /** These rows stand otherwise. */
  #changed(rows) {
    this.#table.update(rows);
    if (rows.length) this.#draw();
  }

  /** Draws the counts with the next frame, and the rows anew where others are to be seen. */
  #draw() {
    if (this.#drawing) return;
    this.#drawing = requestAnimationFrame(() => {
      this.#drawing = 0;
      this.#count();
      // The order stays, so that nothing jumps; who no longer belongs here goes.
      if (this.#tools.look.filter !== "all") this.#arrange();
    });
  }

  #count() {
    const counts = this.#rows.counts();
    const told = [...this.#shown.values()];
    const isRunning = this.#pressed > 0 || told.some(({ queued }) => queued > 0);
    this.#tools.show(counts, { retryable: isRunning ? 0 : this.#rows.retryable().length, isDistributed: this.#about !== null });
    if (this.#about) this.#outcome.show(counts, { isRunning, eta: Math.max(0, ...told.map(({ etaSeconds }) => etaSeconds ?? 0)) });
  }

  #arrange() {
    this.#table.arrange(this.#rows.shown(this.#tools.look), this.#tools.whyEmpty);
    this.#count();
  }

  #show() {
    const isPlanned = this.#about === null;
    this.#plan.element.hidden = this.#lead.hidden = !isPlanned;
    this.#outcome.element.hidden = isPlanned;
    if (!isPlanned) this.#recent.hidden = true;
    this.#people.hidden = isPlanned && this.#rows.size === 0;
    this.#showLine();
  }

  #showLine() {
    this.#line.show(this.#link.hub);
  }

  #tell({ total, successful, pending, failed }) {
    const others = [pending ? `${pending} awaited.` : "", failed ? `${failed} failed.` : ""].filter(Boolean);
    announce([`Finished: ${successful} of ${total} have their token.`, ...others].join(" "));
  }

  /** Says what went wrong; without an error, that nothing does any more. */
  #say(error, title) {
    if (!error) return fill(this.#notice);
    const { what, then } = plainly(error.code);
    const said = detailed(error.message);
    fill(
      this.#notice,
      el(
        "div",
        { class: "refusal" },
        svg("warn"),
        el("div", {}, el("strong", {}, `${title}: ${what}`), el("p", {}, then), said && said !== error.code ? el("p", { class: "said" }, said) : null),
      ),
    );
  }
}
