// A call as something to take away: curl, fetch, the client library, Socket.IO, the bare frame.

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** The ways to write this call, the first being the most usual: pairs of a title and a text. */
export function snippets(call, body, origin, carrier) {
  if (call.kind === "http") return [["curl", curl(call, body, origin)], ["fetch", fetching(call, body, origin)]];
  if (call.kind === "raw") return [["Frame", body.text]];
  return [
    ["client.js", client(call, body, origin, carrier)],
    ["Socket.IO", socketIo(call, body, origin, carrier)],
    ["Frame", frame(call, body)],
  ];
}

function curl({ method, path, fields }, body, origin) {
  if (method === "GET") return `curl ${quoted(origin + path)}`;
  const json = fields.length ? ` \\\n  -H 'Content-Type: application/json' \\\n  -d ${quoted(JSON.stringify(body))}` : "";
  return `curl -X ${method} ${quoted(origin + path)}${json}`;
}

function fetching({ method, path, fields }, body, origin) {
  const url = JSON.stringify(origin + path);
  if (method === "GET") {
    const how = path === "/" ? `, { headers: { Accept: "application/json" } }` : "";
    return `const answer = await fetch(${url}${how});\nconsole.log(answer.status, await answer.json());`;
  }
  const lines = [`  method: "${method}",`];
  if (fields.length) {
    lines.push(`  headers: { "Content-Type": "application/json" },`, `  body: JSON.stringify(${indented(body)}),`);
  }
  return `const answer = await fetch(${url}, {\n${lines.join("\n")}\n});\nconsole.log(answer.status, await answer.json());`;
}

function client({ call }, body, origin, carrier) {
  const socket = `"${origin.replace(/^http/, "ws")}/ws"`;
  const [imported, made] = {
    websocket: ["Hub", socket],
    "socket.io": ["Hub, socketIO", `${socket}, { carrier: socketIO(io) }`],
    polling: ["Hub, socketIO", `${socket}, { carrier: socketIO(io, { transports: ["polling"] }) }`],
  }[carrier];
  const opening = [
    `import { ${imported} } from "${origin}/client.js";`,
    ...(carrier === "websocket" ? [] : [ioFrom(origin)]),
    "",
    `const hub = new Hub(${made});`,
    "await hub.connect();",
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

function socketIo({ name, fields }, body, origin, carrier) {
  const options = carrier === "polling" ? `, { transports: ["polling"] }` : "";
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

function frame({ name, fields }, body) {
  const data = fields.length ? { data: body } : {};
  return JSON.stringify({ event: name, ...data, id: "1" }, null, 2);
}

function indented(value) {
  return JSON.stringify(value, null, 2).replaceAll("\n", "\n  ");
}
