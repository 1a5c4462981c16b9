// In a hub's place, closes sessions as a hub seldom does. What it does to a session is in the user's name:
//   close-4400@…  closes with 4400, whenever that user comes
//   drop-1@…      cuts the connection without a close the first time, and gives a token the second time
// Over Socket.IO, where there are no close codes, 44xx is a packet that disconnects, and all else the end of the transport.
// A session asked for at /http-403/ws is refused with 403 before it is open.
// It prints its address, then a line for each session.

import { createServer } from "node:http";
import { Server } from "socket.io";
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
  if (!request.url.endsWith("/ws")) return;
  sockets.handleUpgrade(request, socket, head, (session) => {
    session.on("message", (message) => {
      const { event, data } = JSON.parse(message);
      const send = (event, data) => session.send(JSON.stringify({ event, data }));
      if (event === "authenticate") authenticate(data, send, session);
    });
  });
});

new Server(server, { destroyUpgrade: false, serveClient: false }).on("connection", (socket) => {
  const terminate = () => socket.conn.close();
  const close = (code) => (code >= 4400 && code <= 4499 ? socket.disconnect(true) : terminate());
  socket.on("authenticate", (data, acknowledge) => {
    const send = (event, data) => {
      socket.emit(event, data);
      if (event === "authenticated") acknowledge(data);
    };
    authenticate(data, send, { close, terminate });
  });
});

function authenticate(data, send, session) {
  const [what, number] = data.userId.split("@")[0].split("-");
  const visit = (visits.get(data.userId) ?? 0) + 1;
  visits.set(data.userId, visit);
  console.log(`session ${visit} of ${data.userId}`);
  if (what === "close") return session.close(Number(number), "as told");
  send("authenticated", { success: true, userId: data.userId });
  if (visit <= Number(number)) return session.terminate();
  const token = `eyJ${"a".repeat(40)}.${"b".repeat(40)}.${"c".repeat(40)}`;
  send("meeting:credentials", { meetingId: "1234567890", obfToken: token, expiresAt: "2026-03-02T09:30:00.000Z" });
}

server.listen(0, "127.0.0.1", () => console.log(`Listening: http://127.0.0.1:${server.address().port}`));
