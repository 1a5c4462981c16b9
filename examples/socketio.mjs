// A host and a participant over Socket.IO: long-polling first, then WebSocket where that gets through.
//
//   npm install socket.io-client
//   node examples/socketio.mjs participant alice@example.com
//   node examples/socketio.mjs host 1234567890 host@example.com alice@example.com bob@example.com
//   HUB_CREDENTIAL=$(zoom-token-hub token --user alice@example.com) node examples/socketio.mjs participant alice@example.com
//   HUB_URL=https://hub.example.com WAIT_SECONDS=3600 node examples/socketio.mjs participant alice@example.com
//
// Node 20 or newer. A participant ends with 0 when its token has come, a host when every participant has one. Either ends
// with 1 when that isn't so after WAIT_SECONDS (300), or when the hub refuses or wants it to stay away. A host doesn't wait
// for who is absent: the hub does, and makes their tokens when they come.

const HUB = (process.env.HUB_URL ?? "http://localhost:3000").replace(/\/+$/, "");
const WAIT_SECONDS = Number(process.env.WAIT_SECONDS ?? 300);
const ANSWER_SECONDS = 30;

const io = await fromPackage();

// It comes back by itself, after a wait that doubles up to this and is not the same for everybody.
const auth = { token: process.env.HUB_CREDENTIAL }; // what your backend signed, where the hub asks for it
const socket = io(HUB, { auth, autoConnect: false, reconnectionDelayMax: 30_000 });

/** Rejects when there is no coming back. */
const ended = new Promise((_, reject) => {
  let last;
  socket.onAny((event, data) => {
    last = event === "error" ? data.code : undefined; // before the hub ends a session, it says why
  });
  socket.on("disconnect", (reason) => {
    if (socket.active) console.log(`disconnected (${last ?? reason}), coming back`);
    else if (reason === "io server disconnect") reject(new Error(`staying away: ${last ?? reason}`));
  });
  socket.on("connect_error", ({ message, data }) => {
    if (socket.active) console.log(`no connection (${message}), trying again`);
    // A credential that has ended or was revoked is refused again: only a fresh one helps.
    else if (data?.retryable && !message.startsWith("credential_")) setTimeout(() => socket.connect(), 1000 * (0.5 + Math.random()));
    else reject(new Error(`staying away: ${message}`));
  });
});

/** A refusal: decide by the code, the sentences are for people. */
class Refused extends Error {
  constructor({ code, message, error }) {
    super(`${code}: ${error ?? message}`);
  }
}

/** The hub acknowledges every event with its answer, and a refusal by its code. Asks again where that can help. */
async function ask(event, data, seconds) {
  for (;;) {
    const answer = await socket.timeout(1000 * seconds).emitWithAck(event, data);
    if (!answer.code) return answer;
    if (!answer.retryable || answer.code.startsWith("credential_")) throw new Refused(answer);
    const wait = answer.retryAfterSeconds ?? 1;
    console.log(`${answer.code}: ${answer.message}, again in ${wait} s`);
    await new Promise((done) => setTimeout(done, 1000 * wait));
  }
}

async function authenticate(userId) {
  try {
    // With `acks` the hub waits for a receipt, and makes another token where none comes.
    await ask("authenticate", { userId, acks: true }, ANSWER_SECONDS);
    console.log(`connected as ${userId}, waiting for a token`);
  } catch (error) {
    // Where the connection went before the answer, this is made up for when it is back.
    if (error instanceof Refused || socket.connected) throw new Error(`staying away: ${error.message}`);
  }
}

async function participant(userId = "alice@example.com") {
  const credentials = new Promise((resolve, reject) => {
    // On every connection anew: the hub knows nobody from an earlier one.
    socket.on("connect", () => authenticate(userId).catch(reject));
    socket.on("meeting:credentials", (data, acknowledge) => {
      acknowledge?.(); // the receipt
      resolve(data);
    });
  });
  socket.connect();
  const { meetingId, obfToken, expiresAt, simulated } = await Promise.race([credentials, ended]);
  // Here the Meeting SDK joins with it, at once: nobody else has this token, and it doesn't live long.
  console.log(`meeting ${meetingId}: OBF token of ${described(obfToken, expiresAt, simulated)}`);
  return true;
}

async function host(meetingId, hostUserId, ...participantUserIds) {
  if (participantUserIds.length === 0) throw new Error("host MEETING HOST PARTICIPANT…");
  // The ZAK comes first, as an event of its own. What is acknowledged is the outcome, once no row is queued.
  socket.on("meeting:started", ({ zakToken, expiresAt, simulated }) => {
    console.log(`meeting ${meetingId}: ZAK token of ${described(zakToken, expiresAt, simulated)}`);
  });
  socket.connect();
  // Asked again with the same key, it is the same distribution.
  const data = { meetingId, hostUserId, participantUserIds, idempotencyKey: crypto.randomUUID() };
  const outcome = ask("meeting:distribute", data, WAIT_SECONDS);
  const { participants, successful, pending, total } = await Promise.race([outcome, ended]);
  const width = Math.max(...participants.map(({ userId }) => userId.length));
  for (const { userId, status, code } of participants) {
    console.log(`${userId.padEnd(width)}  ${status}${code ? ` (${code})` : ""}`);
  }
  const awaited = pending ? `, ${pending} will on arrival` : "";
  console.log(`${successful} of ${total} have a token for meeting ${meetingId}${awaited}`);
  return successful === total;
}

function described(token, expiresAt, simulated) {
  return `${token.length} characters, until ${expiresAt}${simulated ? ", made by the simulator" : ""}`;
}

async function fromPackage() {
  try {
    return (await import("socket.io-client")).io;
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    console.error("Run `npm install socket.io-client` first.");
    process.exit(1);
  }
}

const [role, ...names] = process.argv.slice(2);
let deadline;
const late = new Promise((_, reject) => {
  deadline = setTimeout(() => reject(new Error(`nothing came in ${WAIT_SECONDS} s`)), 1000 * WAIT_SECONDS);
});
try {
  const act = { host, participant }[role];
  if (!act) throw new Error("say `participant USER`, or `host MEETING HOST PARTICIPANT…`");
  process.exitCode = (await Promise.race([act(...names), late])) ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
clearTimeout(deadline);
socket.disconnect();
