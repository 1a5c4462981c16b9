// A participant: waits at the hub until its host distributes, and then has its token. It comes before or after that: the
// hub keeps the intent, not the token, and makes one on arrival.
//
//   node examples/participant.mjs alice@example.com
//   HUB_CREDENTIAL=$(zoom-token-hub token --user alice@example.com) node examples/participant.mjs alice@example.com
//   HUB_URL=https://hub.example.com WAIT_SECONDS=3600 node examples/participant.mjs alice@example.com
//
// Node 22 or newer has a WebSocket. On Node 20 `npm install ws` first, or say `node --experimental-websocket …`.
// It ends with 0 when a token has come, and with 1 when none came in WAIT_SECONDS (300) or the hub wants it to stay away.

const HUB = (process.env.HUB_URL ?? "http://localhost:3000").replace(/\/+$/, "");
const USER = process.argv[2] ?? "alice@example.com";
const CREDENTIAL = process.env.HUB_CREDENTIAL; // what your backend signed, where the hub asks for it
const WAIT_SECONDS = Number(process.env.WAIT_SECONDS ?? 300);

const PING_MS = 15_000; // how often the hub is asked for a sign of life
const SILENCE_MS = 40_000; // without one for so long, the connection is lost; also the time to connect
const LONGEST_BACKOFF_MS = 30_000;

const WebSocket = globalThis.WebSocket ?? (await fromPackage());

/**
 * 44xx and a broken protocol: it would go the same way again. So would 46xx without a fresh credential; a client that can
 * get one comes back with that. 45xx, and whatever else cuts a connection: come back.
 */
const comesBack = (code) => ![44, 46].includes(Math.floor(code / 100)) && ![1002, 1007, 1009].includes(code);

/** Not the same for everybody: a thousand participants must not come back in the same moment. */
const backoff = (attempt) => Math.min(LONGEST_BACKOFF_MS, 1000 * 2 ** attempt) * (0.5 + Math.random() / 2);

/** One connection: what ended it, either `{credentials}` or `{why, comeBack, afterSeconds}`. */
function session(onAuthenticated) {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${HUB.replace(/^http/, "ws")}/ws`);
    const send = (event, data) => socket.send(JSON.stringify({ event, data }));
    let heard = Date.now();
    let opened = false;
    let over = false;
    // A connection can be gone without a word, for example after this machine has slept.
    const watch = setInterval(() => {
      if (Date.now() - heard > SILENCE_MS) end({ why: "the hub is silent", comeBack: true });
      else if (socket.readyState === WebSocket.OPEN) send("ping");
    }, PING_MS);
    const end = (outcome) => {
      if (over) return; // also because closing may bring an error and a close of its own
      over = true;
      clearInterval(watch);
      socket.close();
      resolve(outcome);
    };
    socket.onopen = () => {
      opened = true;
      // On every connection anew. With `acks` the hub waits for a receipt, and makes another token where none comes.
      send("authenticate", { userId: USER, token: CREDENTIAL, acks: true });
    };
    socket.onmessage = (message) => {
      heard = Date.now();
      const { event, data } = JSON.parse(message.data);
      if (event === "authenticated") onAuthenticated();
      if (event === "meeting:credentials") {
        if (data.deliveryId) send("delivery:ack", { deliveryId: data.deliveryId }); // the receipt; nothing answers it
        end({ credentials: data });
      }
      if (event === "error") {
        const comeBack = data.retryable && !data.code.startsWith("credential_");
        end({ why: `${data.code}: ${data.message}`, comeBack, afterSeconds: data.retryAfterSeconds });
      }
    };
    socket.onerror = () => {
      // Node's own WebSocket may leave it at that where nothing was opened. Otherwise the close follows, which says why.
      if (!opened) end({ why: "no connection", comeBack: true });
    };
    socket.onclose = ({ code, reason }) => end({ why: `${code} ${reason}`.trim(), comeBack: comesBack(code) });
  });
}

async function credentials() {
  for (let attempt = 0; ; attempt += 1) {
    const ended = await session(() => {
      attempt = 0;
      console.log(`connected as ${USER}, waiting for a token`);
    });
    if (ended.credentials) return ended.credentials;
    if (!ended.comeBack) throw new Error(`staying away: ${ended.why}`);
    const wait = Math.max(backoff(attempt), 1000 * (ended.afterSeconds ?? 0));
    console.log(`disconnected (${ended.why}), back in ${(wait / 1000).toFixed(1)} s`);
    await new Promise((done) => setTimeout(done, wait));
  }
}

async function fromPackage() {
  try {
    return (await import("ws")).WebSocket;
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    console.error(`Node ${process.versions.node} has no WebSocket: use Node 22 or newer, or run \`npm install ws\` first.`);
    process.exit(1);
  }
}

setTimeout(() => {
  console.error(`no token came in ${WAIT_SECONDS} s`);
  process.exit(1);
}, WAIT_SECONDS * 1000);

try {
  const { meetingId, obfToken, expiresAt, simulated } = await credentials();
  // Here the Meeting SDK joins with it, at once: nobody else has this token, and it doesn't live long.
  const made = simulated ? ", made by the simulator" : "";
  console.log(`meeting ${meetingId}: OBF token of ${obfToken.length} characters, until ${expiresAt}${made}`);
  process.exit(0);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
