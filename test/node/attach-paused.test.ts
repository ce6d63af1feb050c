/** Streams that were paused or read before they are attached. */
import { once } from "node:events";
import { type AddressInfo, connect as connectSocket, createServer, type Socket } from "node:net";
import { type Duplex, PassThrough } from "node:stream";
import { command, locator } from "ampwire";
import { attach, protocolSwitch } from "ampwire/node";
import { expect, onTestFinished, test } from "vitest";
import { ourServer, pair, tidy } from "../support/loopback.ts";
import { bytesOf } from "../support/raw-peer.ts";
import { until } from "../support/within.ts";

const Ping = command("Ping");
const pings = locator(Ping.responder(() => {}));

test("a socket of a server with pauseOnConnect is read", async () => {
  const server = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connectSocket(port, "127.0.0.1");
  const [accepted] = (await once(server, "connection")) as [Socket];
  tidy(attach(accepted, { locator: pings, role: "server" }));
  const client = attach(socket, { role: "client" });
  tidy(client);
  await expect(client.callRemote(Ping)).resolves.toEqual({});
});

test("a paused stream with bytes that were put back is read from these bytes on", async () => {
  const stream = new PassThrough({ allowHalfOpen: true });
  stream.pause();
  stream.unshift(bytesOf({ _command: "Ping" }));
  let pinged = 0;
  tidy(attach(stream, { locator: locator(Ping.responder(() => void pinged++)) }));
  await until(() => pinged > 0);
  expect(pinged).toBe(1);
});

test("AMP can switch to AMP: the streams of the switch are attached again", async () => {
  const Again = protocolSwitch("Again");
  const streams: Duplex[] = [];
  const { client } = await pair({
    locator: locator(Again.responder(() => ({ protocol: (stream: Duplex) => void streams.push(stream) }))),
  });
  const stream = await client.switchProtocol(Again, {});
  await until(() => streams.length > 0);
  tidy(attach(streams[0] as Duplex, { locator: pings, role: "server" }));
  const again = attach(stream, { role: "client" });
  tidy(again);
  await expect(again.callRemote(Ping)).resolves.toEqual({});
});

test("a stream that has ended before it is attached closes the connection", async () => {
  const stream = new PassThrough({ allowHalfOpen: true, autoDestroy: false });
  stream.end();
  stream.resume();
  await once(stream, "end");
  const { message } = await attach(stream).closed;
  expect(message).toBe("the peer closed the connection");
});

test("a readable half that has ended before it is attached closes the connection", async () => {
  const readable = new PassThrough();
  readable.end();
  readable.resume();
  await once(readable, "close");
  const { message } = await attach({ readable, writable: new PassThrough() }).closed;
  expect(message).toBe("the peer closed the connection");
});

test("a socket that is attached before it has connected gets the address of the peer", async () => {
  const { port } = await ourServer({ locator: pings });
  const client = attach(connectSocket(port, "127.0.0.1"));
  tidy(client);
  expect(client.remoteAddress).toBeUndefined();
  await client.callRemote(Ping);
  expect(client.remoteAddress).toEqual({ address: "127.0.0.1", port, family: "IPv4" });
});

test("a stream is refused while another connection uses it, and accepted afterwards", async () => {
  const { port } = await ourServer({ locator: pings });
  const socket = connectSocket(port, "127.0.0.1");
  const client = attach(socket);
  tidy(client);
  const message = "attach: the stream belongs to another connection: attach it once";
  expect(() => attach(socket)).toThrow(new TypeError(message));
  const halves = { readable: new PassThrough(), writable: new PassThrough() };
  const other = attach(halves);
  expect(() => attach({ ...halves, writable: new PassThrough() })).toThrow(new TypeError(message));
  await expect(client.callRemote(Ping)).resolves.toEqual({});
  other.destroy();
  client.destroy();
  await client.closed;
  expect((await attach(socket).closed).message).toBe("the connection was closed");
});
