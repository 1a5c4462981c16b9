// The board's connection: what it asks of the hub, and what the hub tells it. One at a time, as one user.

import { connection, drop, hasRoomFor } from "../carriers.js";
import { asks, lacks } from "../credential.js";
import { record } from "../log.js";
import { note, sameUser, state } from "../state.js";

export class Link {
  #hub = null;
  #as = undefined;
  #on;

  /**
   * `on` is told: `state`, of the connection; `progress`, rows of a distribution; `presence`, who came and went, or everybody
   * anew; `zak`, the host's token.
   */
  constructor(on) {
    this.#on = on;
  }

  /** How it is, as the client has it; undefined where there is none. */
  get hub() {
    return this.#hub;
  }

  /** The connection, as this user; without one as whom the credential names, if one is asked for. Rejects with a `code`. */
  async as(userId) {
    const code = lacks(userId);
    if (code) throw Object.assign(new Error(code), { code });
    const wanted = userId ?? (asks() ? state.credential.sub : undefined);
    const isOthers = wanted !== undefined && this.#as !== undefined && !sameUser(wanted, this.#as);
    // What is pushed to the one is not the other's.
    if (isOthers) this.close();
    this.#hub ??= this.#make();
    if (["idle", "closed"].includes(this.#hub.state)) this.#connect();
    if (wanted !== undefined && this.#as === undefined) {
      await this.#hub.authenticate(wanted);
      this.#as = wanted;
    }
    return this.#hub;
  }

  /** Tries at once, where the next attempt waits or none would come. */
  again() {
    if (this.#hub) this.#connect();
  }

  close() {
    if (this.#hub) drop(this.#hub);
    this.#hub = null;
    this.#as = undefined;
  }

  /** Begins a distribution; resolves with its outcome, once it is followed. */
  async distribute({ hostUserId, ...asked }, onBegun) {
    const hub = await this.as(hostUserId);
    let isBegun = false;
    const onProgress = (told) => {
      if (!isBegun) onBegun(told.distributionId);
      isBegun = true;
      note(told);
      this.#on.progress(told);
    };
    const outcome = await hub.distribute({ ...asked, hostUserId }, { onStarted: (zak) => this.#on.zak(zak, hostUserId), onProgress });
    if (!isBegun) onBegun(outcome.distributionId);
    await this.follow(outcome.distributionId);
    return outcome;
  }

  /** Tells how a distribution stands, and from now on what becomes of it; resolves with the first. */
  async follow(distributionId) {
    const hub = await this.as(this.#as);
    const now = await hub.distribution(distributionId, { follow: true, onProgress: (told) => this.#on.progress(told) });
    this.#on.progress(now);
    return now;
  }

  /** The distributions that may be seen, the newest first. */
  async recent() {
    return (await this.as(this.#as)).distributions();
  }

  /** Nobody of these is waited for any more. */
  async cancel(distributionIds) {
    const hub = await this.as(this.#as);
    for (const told of await Promise.all(distributionIds.map((id) => hub.cancel(id)))) this.#on.progress(told);
  }

  /** The host's ZAK by itself. */
  async zak({ meetingId, hostUserId }) {
    const hub = await this.as(hostUserId);
    this.#on.zak(await hub.start({ meetingId, hostUserId }), hostUserId);
  }

  /** Watches who of these is there, in place of those before. */
  async watch(meetingId, hostUserId, userIds) {
    const hub = await this.as(hostUserId);
    await hub.watch({ meetingId, userIds }, (changes) => this.#on.presence(changes));
  }

  #make() {
    const hub = connection({ heartbeatSeconds: 15 });
    const isCurrent = () => this.#hub === hub;
    hub.on("state", () => isCurrent() && this.#on.state());
    hub.on("frame", (sent) => {
      if (!["ping", "pong"].includes(sent.frame?.event)) record("board", sent);
    });
    return hub;
  }

  #connect() {
    if (!hasRoomFor(this.#hub)) throw Object.assign(new Error("polling"), { code: "too_many_polling" });
    // Whether it opens is seen at its state; whoever asks waits for that.
    this.#hub.connect().catch(() => {});
  }
}
