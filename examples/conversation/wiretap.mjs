/** A relay between client and server. It records the bytes that an eavesdropper on the wire can see. */
import { connect, createServer } from "node:net";
import { BoxReader } from "ampwire";
import { say } from "./output.mjs";

export async function wiretap(targetPort) {
  let seen = [];
  const sockets = new Set();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const target = connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true });
    forward(client, target, "client");
    forward(target, client, "server");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

  function forward(from, to, sender) {
    sockets.add(from);
    from.on("data", (chunk) => {
      seen.push({ sender, chunk });
      to.write(chunk);
    });
    from.on("end", () => to.end());
    from.on("error", () => to.destroy());
    from.on("close", () => sockets.delete(from));
  }

  return {
    port: server.address().port,
    /** Prints the bytes since the last report. */
    report() {
      for (const { sender, chunk } of seen)
        say("wiretap", `${sender} sent ${chunk.length} bytes: ${describe(chunk)}`);
      seen = [];
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Returns the boxes in the chunk. If it is not AMP, returns its first bytes and the kind of TLS record. */
function describe(chunk) {
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

/** Returns the kind of a TLS record, which is its first byte. */
function recordKind(first) {
  return (
    { 20: "TLS change cipher spec", 21: "TLS alert", 22: "TLS handshake", 23: "TLS, encrypted" }[first] ??
    "unknown"
  );
}
