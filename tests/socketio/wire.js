// A wire between clients and the hub that can fall silent: nothing passes any more, and nobody is told.

import { once } from "node:events";
import { connect, createServer } from "node:net";

/** Lays a wire to this port. */
export async function wireTo(port) {
  const ends = new Set();
  let isSilent = false;
  const server = createServer((client) => {
    ends.add(client);
    client.on("error", () => {});
    if (isSilent) return client.pause();
    const hub = connect(port, "localhost");
    ends.add(hub);
    hub.on("error", () => {});
    client.pipe(hub).pipe(client);
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  return {
    origin: `http://localhost:${server.address().port}`,
    /** From now on nothing passes, not even that an end is closed. */
    fallSilent() {
      isSilent = true;
      for (const end of ends) end.unpipe().pause();
    },
    cut() {
      for (const end of ends) end.destroy();
      server.close();
    },
  };
}
