// Every REST call of the hub, and what to do with a refusal.
//
//   node examples/http.mjs                                   (Node 20 or newer, nothing to install)
//   HUB_URL=http://hub.internal:3000 node examples/http.mjs
//   HUB_CREDENTIAL=$(zoom-token-hub token --user backend --role service) node examples/http.mjs
//
// It ends with 0 if every call did what it should, else with 1. A token is shown by its length and its end alone: log
// yours no other way.

const HUB = (process.env.HUB_URL ?? "http://localhost:3000").replace(/\/+$/, "");
const CREDENTIAL = process.env.HUB_CREDENTIAL; // what your backend signed, where the hub asks for it
const MEETING = "1234567890";
const HOST = "host@example.com";

/** A call that the hub refused. Decide by `code`; the message is for people. */
class Refused extends Error {
  constructor(status, body, requestId) {
    super(body.error ?? `HTTP ${status}`);
    this.status = status;
    this.code = body.code ?? "unknown"; // one of the codes in docs/protocol.md
    this.retryable = body.retryable ?? status >= 500; // whether asking again can help …
    this.retryAfterSeconds = body.retryAfterSeconds; // … and then how long to wait
    this.details = body.details ?? []; // which field is wrong
    this.zoom = body.zoom; // what Zoom itself said, if it was asked
    this.requestId = requestId; // finds the call in the hub's log
  }
}

/** One call: the answer's body, or a Refused, or the TypeError or TimeoutError of fetch where there is no answer. */
async function call(method, path, body, { seconds = 35 } = {}) {
  const response = await fetch(HUB + path, {
    method,
    headers: {
      Accept: "application/json",
      ...(body && { "Content-Type": "application/json" }),
      ...(CREDENTIAL && { Authorization: `Bearer ${CREDENTIAL}` }),
    },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(seconds * 1000),
  });
  // Something else than the hub may answer: a proxy, with a page.
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, answer, response.headers.get("x-request-id"));
  return answer;
}

const masked = (token, expiresAt) => `${token.length} characters, until ${expiresAt}`;

async function everyCall() {
  const live = await call("GET", "/api/health/live");
  console.log(`live          ${live.status}`);
  const ready = await call("GET", "/api/health/ready");
  console.log(`ready         ${ready.status}`);
  const health = await call("GET", "/api/health");
  console.log(`health        ${health.status}, Zoom ${health.zoom}, mode ${health.mode}, ${health.users} users here`);
  const index = await call("GET", "/");
  console.log(`index         ${index.service} ${index.version}, sessions at ${index.websocket.url}${index.websocket.path}`);

  const started = await call("POST", "/api/meetings/start", { meetingId: MEETING, hostUserId: HOST });
  console.log(`start         ZAK of ${masked(started.zakToken, started.expiresAt)}`);

  const joined = await call("POST", "/api/meetings/join", { meetingId: MEETING, participantUserId: "alice@example.com" });
  console.log(`join          OBF of ${masked(joined.obfToken, joined.expiresAt)}`);

  // One failure fails nobody else: look at both lists. (In the simulator a user `missing…` does not exist.)
  const batch = await call("POST", "/api/meetings/batch-join", {
    meetingId: MEETING,
    participantUserIds: ["alice@example.com", "missing@example.com"],
  });
  for (const row of batch.results.successful) {
    console.log(`batch-join    ${row.userId}: OBF of ${masked(row.obfToken, row.expiresAt)}`);
  }
  for (const row of batch.results.failed) {
    console.log(`batch-join    ${row.userId}: ${row.code}, retryable ${row.retryable}: ${row.error}`);
  }

  const setup = await call("POST", "/api/meetings/setup", {
    meetingId: MEETING,
    hostUserId: HOST,
    participantUserIds: ["alice@example.com", "bob@example.com"],
  });
  console.log(`setup         ${setup.host.userId}: ZAK of ${masked(setup.host.zakToken, setup.host.expiresAt)}`);
  for (const row of setup.participants) {
    console.log(`setup         ${row.userId}: OBF of ${masked(row.obfToken, row.expiresAt)}`);
  }

  // Who is connected gets a token by WebSocket, who comes later gets one then (unless `hold` is false), and only the rows
  // come here. `wait` must end before the call does. With the key of a call that had no answer it is the same distribution.
  const distributed = await call("POST", "/api/meetings/distribute", {
    meetingId: MEETING,
    hostUserId: HOST,
    participantUserIds: ["alice@example.com", "bob@example.com"],
    wait: 10,
    idempotencyKey: crypto.randomUUID(),
  });
  for (const row of distributed.participants) {
    console.log(`distribute    ${row.userId}: ${row.status}${row.code ? ` (${row.code})` : ""}`);
  }
  const { distributionId } = distributed;

  // How it stands later: of all that this caller may see, and of one, row by row.
  const { distributions } = await call("GET", "/api/distributions");
  const listed = distributions.find((one) => one.distributionId === distributionId);
  console.log(`list          ${listed.successful} of ${listed.total}, ${listed.pending} pending`);
  const one = await call("GET", `/api/distributions/${distributionId}`);
  console.log(`show          waits for ${one.pendingUsers.join(", ")}`);
  const cancelled = await call("POST", `/api/distributions/${distributionId}/cancel`);
  console.log(`cancel        ${cancelled.participants[0].userId}: ${cancelled.participants[0].code}`);
}

/** Two calls that must be refused: one by the hub, one by Zoom. */
async function refusals() {
  const wrong = [
    { meetingId: "12", participantUserId: "alice@example.com" },
    { meetingId: MEETING, participantUserId: "missing@example.com" },
  ];
  for (const body of wrong) {
    try {
      await call("POST", "/api/meetings/join", body);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      console.log(`refused       ${describe(error)}`);
      continue;
    }
    throw new Error(`nobody refused ${JSON.stringify(body)}`);
  }
}

function describe(error) {
  if (!(error instanceof Refused)) return `no answer from ${HUB}: ${error.cause?.message ?? error.message}`;
  const { status, code, retryable, retryAfterSeconds, zoom, requestId } = error;
  const retry = retryable ? `ask again in ${retryAfterSeconds ?? 5} s` : "asking again won't help";
  const said = zoom ? ` (Zoom: status ${zoom.status}, code ${zoom.code ?? "–"})` : "";
  return `${status} ${code}: ${error.message}${said}; ${retry}; request ${requestId}`;
}

try {
  await everyCall();
  await refusals();
} catch (error) {
  console.error(describe(error));
  process.exitCode = 1;
}
