// A call as something to take away: curl, fetch, the client library, Socket.IO, the bare frame. Where the hub asks for a
// credential its place is shown, and never the credential.

import { isForEverybody } from "./http.js";

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** The ways to write this call, the first being the most usual: pairs of a title and a text. */
export function snippets(call, body, hub) {
  if (call.kind === "http") return [["curl", curl(call, body, hub)], ["fetch", fetching(call, body, hub)]];
  if (call.kind === "raw") return [["Frame", body.text]];
  return [
    ["client.js", client(call, body, hub)],
    ["Socket.IO", socketIo(call, body, hub)],
    ["Frame", frame(call, body, hub)],
  ];
}

function curl({ method, path }, body, { origin, asks }) {
  const how = method === "GET" ? "" : ` -X ${method}`;
  const json = body ? ` \\\n  -H 'Content-Type: application/json' \\\n  -d ${quoted(JSON.stringify(body))}` : "";
  const shown = asks && !isForEverybody(path) ? ` \\\n  -H "Authorization: Bearer $CREDENTIAL"` : "";
  return `curl${how} ${quoted(origin + path)}${shown}${json}`;
}

function fetching({ method, path }, body, { origin, asks }) {
  const headers = [
    ...(path === "/" ? [`Accept: "application/json"`] : []),
    ...(body ? [`"Content-Type": "application/json"`] : []),
    ...(asks && !isForEverybody(path) ? ["Authorization: `Bearer ${credential}`"] : []),
  ];
  const options = [
    ...(method === "GET" ? [] : [`  method: "${method}",\n`]),
    ...(headers.length ? [`  headers: { ${headers.join(", ")} },\n`] : []),
    ...(body ? [`  body: JSON.stringify(${indented(body)}),\n`] : []),
  ];
  const how = options.length ? `, {\n${options.join("")}}` : "";
  return `const answer = await fetch(${JSON.stringify(origin + path)}${how});\nconsole.log(answer.status, await answer.json());`;
}

const FROM_YOUR_BACKEND = `const getCredential = async () => (await (await fetch("/hub-credential")).json()).credential;`;

function client({ call }, body = {}, { origin, carrier, asks }) {
  const socket = `"${origin.replace(/^http/, "ws")}/ws"`;
  const [imported, over] = {
    websocket: ["Hub", []],
    "socket.io": ["Hub, socketIO", ["carrier: socketIO(io)"]],
    polling: ["Hub, socketIO", [`carrier: socketIO(io, { transports: ["polling"] })`]],
  }[carrier];
  const unconfirmed = call === "authenticate" && !body.acks ? ["acks: false"] : [];
  const options = [...over, ...unconfirmed, ...(asks ? ["getCredential"] : [])];
  const made = [socket, ...(options.length ? [`{ ${options.join(", ")} }`] : [])].join(", ");
  const opening = [
    `import { ${imported} } from "${origin}/client.js";`,
    ...(carrier === "websocket" ? [] : [ioFrom(origin)]),
    "",
    ...(asks ? [FROM_YOUR_BACKEND] : []),
    `const hub = new Hub(${made});`,
    "await hub.connect();",
    ...(asks && call !== "authenticate" ? [`await hub.authenticate("you@example.com");`] : []),
  ];
  const calls = {
    authenticate: [
      `hub.on("meeting:credentials", ({ meetingId, obfToken }) => join(meetingId, obfToken));`,
      `await hub.authenticate(${JSON.stringify(body.userId)});`,
    ],
    start: [`const { zakToken } = await hub.start(${JSON.stringify(body, null, 2)});`],
    join: [`const { obfToken } = await hub.join(${JSON.stringify(body, null, 2)});`],
    distribute: [
      `const outcome = await hub.distribute(${JSON.stringify(body, null, 2)}, {`,
      "  onStarted: ({ zakToken }) => start(zakToken),",
      "  onProgress: ({ done, total, etaSeconds }) => console.log(done, total, etaSeconds),",
      "});",
    ],
    confirm: [
      "// It confirms by itself, as soon as a listener has returned.",
      `hub.on("meeting:credentials", ({ meetingId, obfToken }) => join(meetingId, obfToken));`,
    ],
    cancel: [`const outcome = await hub.cancel(${JSON.stringify(body.distributionId)});`],
    distribution: distribution(body),
    watch: [`await hub.watch(${JSON.stringify(body, null, 2)}, (changes) => {`, "  for (const { userId, online } of changes) show(userId, online);", "});"],
    ping: ["const milliseconds = await hub.ping();"],
  };
  return [...opening, ...calls[call]].join("\n");
}

function distribution({ distributionId, follow }) {
  if (!distributionId) return ["const distributions = await hub.distributions();"];
  const named = JSON.stringify(distributionId);
  if (!follow) return [`const { participants } = await hub.distribution(${named});`];
  return [
    `const { participants } = await hub.distribution(${named}, {`,
    "  follow: true,",
    "  onProgress: ({ participants }) => console.log(participants),",
    "});",
  ];
}

const ioFrom = (origin) => `import { io } from "${origin}/socket.io/socket.io.esm.min.js";`;

function socketIo({ name }, body, { origin, carrier, asks }) {
  const wanted = [
    ...(carrier === "polling" ? [`transports: ["polling"]`] : []),
    ...(asks ? ["auth: (give) => give({ token: credential })"] : []),
  ];
  const options = wanted.length ? `, { ${wanted.join(", ")} }` : "";
  const credentials = body?.acks
    ? [
        `socket.on("meeting:credentials", ({ meetingId, obfToken }, confirm) => {`,
        "  join(meetingId, obfToken);",
        "  confirm?.();",
        "});",
      ]
    : [`socket.on("meeting:credentials", ({ meetingId, obfToken }) => join(meetingId, obfToken));`];
  const pushed = {
    authenticate: credentials,
    "meeting:distribute": [
      `socket.on("meeting:started", ({ zakToken }) => start(zakToken));`,
      `socket.on("meeting:progress", ({ done, total, etaSeconds }) => console.log(done, total, etaSeconds));`,
    ],
    "presence:watch": [`socket.on("presence:change", ({ changes }) => console.log(changes));`],
    "distribution:get": body?.follow
      ? [`socket.on("meeting:progress", ({ participants }) => console.log(participants));`]
      : [],
  };
  const data = body ? `, ${JSON.stringify(body, null, 2)}` : "";
  // Nothing answers it.
  const answered = name === "delivery:ack" ? "" : ", (answer) => console.log(answer)";
  return [
    ioFrom(origin),
    "",
    `const socket = io("${origin}"${options});`,
    ...(pushed[name] ?? []),
    `socket.emit("${name}"${data}${answered});`,
  ].join("\n");
}

function frame({ name }, body, { asks }) {
  const shown = asks && name === "authenticate" ? { ...body, token: "$CREDENTIAL" } : body;
  return JSON.stringify({ event: name, data: shown, id: "1" }, null, 2);
}

function indented(value) {
  return JSON.stringify(value, null, 2).replaceAll("\n", "\n  ");
}
