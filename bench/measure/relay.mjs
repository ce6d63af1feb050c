/** A TCP relay that counts bytes on the wire, for any peer. */
import { once } from "node:events";
import { connect, createServer } from "node:net";

export async function startRelay(port) {
  let bytes = 0;
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      from.on("data", (chunk) => {
        bytes += chunk.length;
      });
      from.on("error", () => to.destroy());
      from.pipe(to);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: server.address().port,
    /** Returns the bytes since the previous call, in both directions together. */
    takeCount() {
      const count = bytes;
      bytes = 0;
      return count;
    },
    close: () => server.close(),
  };
}
