// In a hub's place, closes sessions as a hub seldom does. What it does to a session is in the user's name:
//   close-4400@…  closes with 4400, whenever that user comes
//   drop-1@…      cuts the connection without a close the first time, and gives a token the second time
// A session asked for at /http-403/ws is refused with 403 before it is open.
// It prints its address, then a line for each session.

import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const visits = new Map();
const sockets = new WebSocketServer({ noServer: true });
const server = createServer((_request, response) => response.writeHead(404).end());

server.on("upgrade", (request, socket, head) => {
  const refused = /^\/http-(\d+)\/ws$/.exec(request.url);
  if (refused) {
    console.log(`refused ${refused[1]}`);
    socket.end(`HTTP/1.1 ${refused[1]} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    return;
  }
  sockets.handleUpgrade(request, socket, head, (session) => {
    session.on("message", (message) => told(session, JSON.parse(message)));
  });
});

function told(session, { event, data }) {
  if (event !== "authenticate") return;
  const [what, number] = data.userId.split("@")[0].split("-");
  const visit = (visits.get(data.userId) ?? 0) + 1;
  visits.set(data.userId, visit);
  console.log(`session ${visit} of ${data.userId}`);
  if (what === "close") return session.close(Number(number), "as told");
  session.send(JSON.stringify({ event: "authenticated", data: { success: true, userId: data.userId } }));
  if (visit <= Number(number)) return session.terminate();
  const token = `eyJ${"a".repeat(40)}.${"b".repeat(40)}.${"c".repeat(40)}`;
  const credentials = { meetingId: "1234567890", obfToken: token, expiresAt: "2026-03-02T09:30:00.000Z" };
  session.send(JSON.stringify({ event: "meeting:credentials", data: credentials }));
}

server.listen(0, "127.0.0.1", () => console.log(`Listening: http://127.0.0.1:${server.address().port}`));
