/** A relay between client and server that remembers what passes: all that somebody who listens on the wire can see. */
import { connect, createServer } from "node:net";
import { BoxReader } from "ampwire";
import { say } from "./voice.mjs";

export async function wiretap(targetPort) {
  let seen = [];
  const sockets = new Set();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const target = connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true });
    forward(client, target, "client");
    forward(target, client, "server");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

  function forward(from, to, who) {
    sockets.add(from);
    from.on("data", (chunk) => {
      seen.push({ who, chunk });
      to.write(chunk);
    });
    from.on("end", () => to.end());
    from.on("error", () => to.destroy());
    from.on("close", () => sockets.delete(from));
  }

  return {
    port: server.address().port,
    /** Says what has passed since the last report. */
    report() {
      for (const { who, chunk } of seen)
        say("listener", `${who} sent ${chunk.length} bytes: ${described(chunk)}`);
      seen = [];
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Boxes where they can be read, and what little is to be seen of them inside TLS. */
function described(chunk) {
  const reader = new BoxReader();
  reader.push(chunk);
  const boxes = [];
  try {
    for (let box = reader.next(); box !== undefined; box = reader.next()) boxes.push(box);
  } catch {
    return `${chunk.subarray(0, 12).toString("hex")}... (not AMP: ${recordKind(chunk[0])})`;
  }
  return boxes
    .map((box) => `{ ${[...box.keys()].map((key) => `${key}: ${box.text(key)}`).join(", ")} }`)
    .join(" ");
}

/** What a TLS record says of itself in its first byte. */
function recordKind(first) {
  return (
    { 20: "TLS change cipher spec", 21: "TLS alert", 22: "TLS handshake", 23: "TLS, encrypted" }[first] ??
    "unknown"
  );
}
