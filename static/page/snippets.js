// A call as something to take away: curl, fetch, the client library, Socket.IO, the bare frame. Where the hub asks for a
// credential its place is shown, and never the credential.

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

function curl({ method, path, fields }, body, { origin, asks }) {
  if (method === "GET") return `curl ${quoted(origin + path)}`;
  const json = fields.length ? ` \\\n  -H 'Content-Type: application/json' \\\n  -d ${quoted(JSON.stringify(body))}` : "";
  const shown = asks ? ` \\\n  -H "Authorization: Bearer $CREDENTIAL"` : "";
  return `curl -X ${method} ${quoted(origin + path)}${shown}${json}`;
}

function fetching({ method, path, fields }, body, { origin, asks }) {
  const url = JSON.stringify(origin + path);
  if (method === "GET") {
    const how = path === "/" ? `, { headers: { Accept: "application/json" } }` : "";
    return `const answer = await fetch(${url}${how});\nconsole.log(answer.status, await answer.json());`;
  }
  const lines = [`  method: "${method}",`];
  if (fields.length) {
    const shown = asks ? ", Authorization: `Bearer ${credential}`" : "";
    lines.push(`  headers: { "Content-Type": "application/json"${shown} },`, `  body: JSON.stringify(${indented(body)}),`);
  }
  return `const answer = await fetch(${url}, {\n${lines.join("\n")}\n});\nconsole.log(answer.status, await answer.json());`;
}

const FROM_YOUR_BACKEND = `const getCredential = async () => (await (await fetch("/hub-credential")).json()).credential;`;

function client({ call }, body, { origin, carrier, asks }) {
  const socket = `"${origin.replace(/^http/, "ws")}/ws"`;
  const [imported, over] = {
    websocket: ["Hub", []],
    "socket.io": ["Hub, socketIO", ["carrier: socketIO(io)"]],
    polling: ["Hub, socketIO", [`carrier: socketIO(io, { transports: ["polling"] })`]],
  }[carrier];
  const options = [...over, ...(asks ? ["getCredential"] : [])];
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
    ping: ["const milliseconds = await hub.ping();"],
  };
  return [...opening, ...calls[call]].join("\n");
}

const ioFrom = (origin) => `import { io } from "${origin}/socket.io/socket.io.esm.min.js";`;

function socketIo({ name, fields }, body, { origin, carrier, asks }) {
  const wanted = [
    ...(carrier === "polling" ? [`transports: ["polling"]`] : []),
    ...(asks ? ["auth: (give) => give({ token: credential })"] : []),
  ];
  const options = wanted.length ? `, { ${wanted.join(", ")} }` : "";
  const pushed = {
    authenticate: [`socket.on("meeting:credentials", ({ meetingId, obfToken }) => join(meetingId, obfToken));`],
    "meeting:distribute": [
      `socket.on("meeting:started", ({ zakToken }) => start(zakToken));`,
      `socket.on("meeting:progress", ({ done, total, etaSeconds }) => console.log(done, total, etaSeconds));`,
    ],
  };
  const data = fields.length ? `, ${JSON.stringify(body, null, 2)}` : "";
  return [
    ioFrom(origin),
    "",
    `const socket = io("${origin}"${options});`,
    ...(pushed[name] ?? []),
    `socket.emit("${name}"${data}, (answer) => console.log(answer));`,
  ].join("\n");
}

function frame({ name, fields }, body, { asks }) {
  const shown = asks && name === "authenticate" ? { ...body, token: "$CREDENTIAL" } : body;
  const data = fields.length ? { data: shown } : {};
  return JSON.stringify({ event: name, ...data, id: "1" }, null, 2);
}

function indented(value) {
  return JSON.stringify(value, null, 2).replaceAll("\n", "\n  ");
}
