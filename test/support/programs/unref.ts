/** Opens a connection, a server or a reconnecting client, with timers, and does not wait for its end. */
import net from "node:net";
import { connect, listen, reconnecting } from "ampwire/node";

const [what, port] = [process.argv[2], Number(process.argv[3])];
const address = { host: "127.0.0.1", port };
const slow = { heartbeat: { interval: 100_000 }, limits: { idleTimeout: 100_000 } };
if (what === "connection") {
  const connection = await connect({ ...address, ...slow });
  connection.unref();
} else if (what === "server") {
  const server = await listen({ host: "127.0.0.1", port: 0, ...slow });
  const client = await connect({ host: "127.0.0.1", port: server.address().port, ...slow });
  while (server.connections.size === 0) await new Promise(setImmediate);
  server.unref();
  client.unref();
} else if (what === "server with a handshake") {
  const server = await listen({ host: "127.0.0.1", port: 0, implicitTLS: true });
  server.unref();
  const socket = net.connect(server.address().port, "127.0.0.1").unref();
  while (socket.connecting) await new Promise(setImmediate);
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate); // the server accepts the socket
} else if (what === "connection with descriptors") {
  const path = `${process.argv[1]}.socket`;
  const server = await listen({ path, descriptors: true });
  const client = await connect({ path, descriptors: true, ...slow });
  server.unref();
  client.unref();
} else {
  const client = reconnecting({ ...address, ...slow });
  while (client.state !== "connected") await new Promise(setImmediate);
  client.unref();
}
console.log("open");
