/** Sockets that read into a shared buffer, and their behavior without a borrower. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { createServer as createHTTPServer, request } from "node:http";
import { type AddressInfo, connect as connectSocket, createServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { promisify } from "node:util";
import { bytes, command, integer, locator } from "ampwire";
import { connect, type NodeConnection, protocolSwitch } from "ampwire/node";
import { describe, expect, onTestFinished, test } from "vitest";
import { SharedBufferSocket } from "../../src/node/shared-buffer-socket.ts";
import { ourClient, ourServer, ours, pair, rawServer } from "../support/loopback.ts";
import { bytesOf } from "../support/raw-peer.ts";

async function turns(count = 5): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

/** A socket with the shared buffer, and its peer. */
async function opened(): Promise<{ readonly socket: SharedBufferSocket; readonly peer: Socket }> {
  const { port, next } = await rawServer();
  const socket = SharedBufferSocket.open({ port, host: "127.0.0.1", allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  const [peer] = await Promise.all([next(), once(socket, "connect")]);
  return { socket, peer };
}

describe("a socket with the shared buffer", () => {
  test("shared-buffer sockets read into the same memory, and emit no data", async () => {
    const lent: Uint8Array[] = [];
    for (const text of ["one", "two"]) {
      const { socket, peer } = await opened();
      const borrowed = new Promise<void>((resolve) =>
        socket.lendTo({
          received(chunk) {
            expect(String(Buffer.from(chunk))).toBe(text);
            lent.push(chunk);
            resolve();
          },
        }),
      );
      socket.on("data", () => expect.unreachable("it was lent"));
      peer.write(text);
      await borrowed;
    }
    expect(lent[0]?.buffer).toBe(lent[1]?.buffer);
  });

  test("data that arrives without a borrower, or while paused, is emitted as data", async () => {
    const { socket, peer } = await opened();
    const came: string[] = [];
    peer.write("before ");
    while (socket.readableLength < 7) await turns(1);
    socket.lendTo({ received: (chunk) => came.push(`lent: ${Buffer.from(chunk)}`) });
    socket.on("data", (chunk) => came.push(`data: ${chunk}`));
    await once(socket, "data");
    peer.write("flowing ");
    while (came.length < 2) await turns(1);
    socket.pause();
    peer.write("paused ");
    while (socket.readableLength < 7) await turns(1);
    socket.resume();
    await once(socket, "data");
    peer.write("flowing again");
    while (came.length < 4) await turns(1);
    expect(came).toEqual(["data: before ", "lent: flowing ", "data: paused ", "lent: flowing again"]);
  });

  /** Size of one read, in bytes. After a full read more data may wait, so the socket asks for the receiver's memory. */
  const FULL = 64 * 1024;

  test("a shared-buffer socket reads into the borrower's memory, once each time that it is offered", async () => {
    const { socket, peer } = await opened();
    const memory = new Uint8Array(10);
    const rooms = [undefined, memory.subarray(2, 5), undefined, memory.subarray(5), memory.subarray(8)];
    const came: [bytes: number, ownership: string | undefined, inMemory: boolean][] = [];
    const text = "0123456789abcdef".repeat(FULL / 4);
    let heard = "";
    socket.lendTo({
      received(chunk, ownership) {
        came.push([chunk.length, ownership, chunk.buffer === memory.buffer]);
        heard += Buffer.from(chunk);
      },
      room: () => rooms[came.length],
    });
    socket.resume();
    peer.write(text);
    while (heard.length < text.length) await turns(1);
    expect(heard).toBe(text);
    expect(came.slice(0, 5)).toEqual([
      [FULL, "borrowed", false],
      [3, "owned", true],
      [FULL, "borrowed", false],
      [5, "owned", true],
      [2, "owned", true],
    ]);
    expect(came.slice(5).every(([, ownership]) => ownership === "borrowed")).toBe(true);
  });

  test("a socket paused before it reads into the borrower's memory leaves that memory to its owner", async () => {
    const { socket, peer } = await opened();
    const memory = new Uint8Array(10);
    const came: string[] = [];
    socket.lendTo({
      received: (chunk, ownership) => came.push(`${ownership}: ${Buffer.from(chunk.subarray(0, 9))}`),
      room: () => memory,
    });
    socket.on("data", (chunk) => {
      memory.fill(0xff); // the receiver owns this memory
      came.push(`data: ${chunk}`);
    });
    peer.write("-".repeat(FULL));
    while (came.length < 1) await turns(1);
    socket.pause();
    peer.write("one");
    while (socket.readableLength < 3) await turns(1);
    peer.write("two");
    while (socket.readableLength < 6) await turns(1);
    socket.resume();
    while (came.length < 3) await turns(1);
    peer.write("three");
    while (came.length < 4) await turns(1);
    expect(came).toEqual(["borrowed: ---------", "data: one", "data: two", "borrowed: three"]);
  });

  test("a paused shared-buffer socket reads no more than its high water mark", async () => {
    const { socket, peer } = await opened();
    socket.lendTo({ received: () => {} });
    socket.resume();
    await turns();
    socket.pause();
    peer.write(Buffer.alloc(4 * 1024 * 1024));
    await turns(50);
    expect(socket.readableLength).toBeLessThan(socket.readableHighWaterMark + 64 * 1024);
    socket.lendTo(undefined);
    socket.resume();
    let length = 0;
    for await (const chunk of socket) {
      length += chunk.length;
      if (length === 4 * 1024 * 1024) break;
    }
  });

  test("a shared-buffer socket is published on net.client.socket", async () => {
    const told: unknown[] = [];
    const hear = (message: unknown) => told.push(message);
    subscribe("net.client.socket", hear);
    onTestFinished(() => void unsubscribe("net.client.socket", hear));
    const { socket } = await opened();
    expect(told).toEqual([{ socket }]);
  });

  test("a shared-buffer socket has a timeout", async () => {
    const { port } = await rawServer();
    const socket = SharedBufferSocket.open({ port, host: "127.0.0.1", timeout: 10 });
    onTestFinished(() => void socket.destroy());
    await once(socket, "timeout");
  });
});

test.each([
  ["takes a few bytes at a time", (socket: Socket) => void socket.read(4)],
  ["resumes and takes nothing", (socket: Socket) => void socket.resume()],
])("a reader that %s does not make the socket read without limit", async (_, read) => {
  const { socket, peer } = await opened();
  socket.lendTo({ received: () => {} });
  socket.resume();
  await turns();
  socket.lendTo(undefined);
  socket.pause();
  socket.on("readable", () => {});
  peer.write(Buffer.alloc(8 * 1024 * 1024));
  for (let count = 0; count < 50; count++) {
    read(socket);
    await turns(2);
  }
  expect(socket.readableLength).toBeLessThan(socket.readableHighWaterMark + 64 * 1024);
});

describe("an adopted socket", () => {
  /** A server that adopts the sockets that it accepts, and the adopted sockets. */
  async function adopting() {
    const accepted: Socket[] = [];
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      accepted.push(SharedBufferSocket.adopt(socket));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
      for (const socket of accepted) socket.destroy();
      server.close();
    });
    async function next(): Promise<{ readonly client: Socket; readonly socket: SharedBufferSocket }> {
      const client = connectSocket({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" });
      onTestFinished(() => void client.destroy());
      await Promise.all([once(client, "connect"), once(server, "connection")]);
      return { client, socket: accepted.at(-1) as SharedBufferSocket };
    }
    return { server, next };
  }

  test("an adopted socket lends its buffer, and knows its peer", async () => {
    const { next } = await adopting();
    const { client, socket } = await next();
    expect(socket).toBeInstanceOf(SharedBufferSocket);
    expect(socket.remotePort).toBe(client.localPort);
    const lent = new Promise<string>((resolve) =>
      socket.lendTo({ received: (chunk) => resolve(String(Buffer.from(chunk))) }),
    );
    socket.resume();
    client.write("hello");
    expect(await lent).toBe("hello");
    socket.write("and hello");
    expect(String(await once(client, "data"))).toBe("and hello");
  });

  test("an adopted socket ends each side separately", async () => {
    const { next } = await adopting();
    const { client, socket } = await next();
    client.end();
    socket.resume();
    await once(socket, "end");
    const closed = once(socket, "close");
    socket.end("an answer");
    expect(String(await once(client, "data"))).toBe("an answer");
    await closed;
  });

  test("an adopted socket is counted by its server until it is closed", async () => {
    const { server, next } = await adopting();
    const count = promisify(server.getConnections.bind(server));
    const { socket } = await next();
    expect(await count()).toBe(1);
    const closed = once(server, "close");
    server.close();
    socket.destroy();
    await closed;
    expect(await count()).toBe(0);
  });

  test("adopt returns and resumes Node's own socket if the internals of Node are unknown", async () => {
    const { next, port } = await rawServer();
    const socket = connectSocket({ port, host: "127.0.0.1" }); // such a socket has no server
    onTestFinished(() => void socket.destroy());
    socket.pause();
    const [peer] = await Promise.all([next(), once(socket, "connect")]);
    expect(SharedBufferSocket.adopt(socket)).toBe(socket);
    peer.write("hello");
    expect(String(await once(socket, "data"))).toBe("hello");
  });

  test("a server of listen() and its clients read into the same buffer", async () => {
    const seen = new Set<ArrayBufferLike>();
    const plain = integer();
    const seeing = {
      ...plain,
      read(bytes: Uint8Array, start: number, end: number) {
        seen.add(bytes.buffer);
        return plain.read(bytes, start, end);
      },
    };
    const Add = command("Add", { arguments: { to: seeing }, response: { sum: seeing } });
    const { port } = await ourServer({ locator: locator(Add.responder(({ to }) => ({ sum: to + 1 }))) });
    const clients = await Promise.all([ourClient(port), ourClient(port)]);
    for (const client of clients) expect(await client.callRemote(Add, { to: 1 })).toEqual({ sum: 2 });
    expect(seen.size).toBe(1);
  });
});

describe.each(["client", "server"] as const)("connections that share a buffer, as %s", (role) => {
  const Put = command("Put", { arguments: { data: bytes() }, response: { data: bytes() } });

  test("connections that read in turns, with cut boxes, keep their values, answers and partial boxes apart", async () => {
    const kept = new Map<string, Uint8Array>();
    const joined = await Promise.all(
      Array.from({ length: 3 }, () =>
        ours(role, {
          locator: locator(
            Put.responder(async ({ data }) => {
              kept.set(`${data[0]} ${data.length}`, data);
              await turns(1);
              return { data: data.subarray(0, 3) };
            }),
          ),
        }),
      ),
    );
    const sizes = [3, 4000, 4090, 4096, 20_000, 60_000];
    const streams = joined.map((_, who) =>
      bytesOf(
        ...sizes.map((size) => ({
          _ask: `${size}`,
          _command: "Put",
          data: new Uint8Array(size).fill(who + 1),
        })),
      ),
    );
    const STEP = 3_001;
    for (let at = 0; at < (streams[0]?.length ?? 0); at += STEP) {
      for (const [who, { peer }] of joined.entries()) {
        peer.send(streams[who]?.subarray(at, at + STEP) ?? Buffer.of());
        await turns(1);
      }
    }
    for (const [who, { peer }] of joined.entries()) {
      const mark = String.fromCharCode(who + 1).repeat(3);
      for (const size of sizes) expect(await peer.box()).toEqual({ _answer: `${size}`, data: mark });
    }
    expect(kept.size).toBe(3 * sizes.length);
    for (const [name, data] of kept) {
      const [mark] = name.split(" ").map(Number);
      expect(data.every((byte) => byte === mark)).toBe(true);
    }
  });

  test("answers of 60,000 bytes keep their bytes in any order of arrival", async () => {
    const echo = Put.responder(({ data }) => ({ data }));
    const { port } = await ourServer({ locator: locator(echo) });
    const clients = await Promise.all([ourClient(port), ourClient(port)]);
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        clients[index % 2]?.callRemote(Put, { data: new Uint8Array(index % 3 ? 60_000 : 5).fill(index) }),
      ),
    );
    for (const [index, answer] of answers.entries())
      expect(answer?.data.every((byte) => byte === index)).toBe(true);
  });

  test("asks that are queued behind others keep their bytes", async () => {
    const running: (() => void)[] = [];
    const heard: number[] = [];
    const waiting = Put.responder(async ({ data }) => {
      heard.push(data.length);
      await new Promise<void>((resolve) => running.push(resolve));
      return { data };
    });
    const limits = { maxAsksInProgress: 1 };
    const { peer } = await ours(role, { locator: locator(waiting), limits });
    const other = await ours(role, { locator: locator(Put.responder(({ data }) => ({ data }))) });
    const sizes = [1, 5000, 2, 6000, 3];
    peer.send(...sizes.map((size) => ({ _ask: `${size}`, _command: "Put", data: "x".repeat(size) })));
    for (const size of sizes) {
      while (running.length === 0) await turns(1);
      other.peer.send({ _ask: "o", _command: "Put", data: "other".repeat(4000) });
      await other.peer.box();
      running.shift()?.();
      expect(await peer.box()).toEqual({ _answer: `${size}`, data: "x".repeat(size) });
    }
    expect(heard).toEqual(sizes);
  });
});

test("the option onread of a program is refused, because the connection reads the socket", async () => {
  const options = {
    port: 1,
    host: "127.0.0.1",
    onread: { buffer: new Uint8Array(10), callback: () => true },
  };
  await expect(connect(options)).rejects.toThrow('unknown option "onread"');
});

/** The end that asks for the switch. */
describe.each(["client", "server"])("a stream after a protocol switch, asked by the %s", (asker) => {
  const Switch = protocolSwitch("Switch");

  /** Both streams; `near` is the client's. */
  async function switched(): Promise<{ readonly near: Duplex; readonly far: Duplex }> {
    let answering: (stream: Duplex) => void = () => {};
    const handed = new Promise<Duplex>((resolve) => {
      answering = resolve;
    });
    const options = { locator: locator(Switch.responder(() => ({ protocol: answering }))) };
    const { client, server } = await pair(options, options);
    const asking: NodeConnection = asker === "client" ? client : server;
    const [asked, answered] = await Promise.all([asking.switchProtocol(Switch, {}), handed]);
    for (const stream of [asked, answered]) onTestFinished(() => void stream.destroy());
    return asker === "client" ? { near: asked, far: answered } : { near: answered, far: asked };
  }

  test("the stream after a switch is the socket, paused, without a borrower", async () => {
    const { near, far } = await switched();
    for (const [stream, other] of [
      [near, far],
      [far, near],
    ] as const) {
      expect(stream).toBeInstanceOf(SharedBufferSocket);
      expect(stream.isPaused()).toBe(true);
      other.write("hello");
      while (stream.readableLength < 5) await turns(1);
      stream.resume();
      expect(String(await once(stream, "data"))).toBe("hello");
    }
  });

  test("the stream after a switch is read by iteration, by both kinds of events, and by pipes", async () => {
    const { near, far } = await switched();
    const wanted = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
    far.write(wanted);
    const chunks: Buffer[] = [];
    await new Promise<void>((resolve) => {
      near.on("readable", function readable() {
        for (let chunk = near.read(); chunk !== null; chunk = near.read()) chunks.push(chunk);
        if (Buffer.concat(chunks).length < wanted.length) return;
        near.off("readable", readable);
        resolve();
      });
    });
    expect(Buffer.concat(chunks).equals(wanted)).toBe(true);
    far.end(wanted);
    chunks.length = 0;
    for await (const chunk of near) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(wanted)).toBe(true);
  });

  test("the stream after a switch applies backpressure in both directions", async () => {
    const { near, far } = await switched();
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      const size = 16 * 1024 * 1024;
      from.write(Buffer.alloc(size));
      await turns(50);
      expect(from.writableLength).toBeGreaterThan(0);
      let length = 0;
      to.on("data", (chunk) => {
        length += chunk.length;
      });
      to.resume();
      while (length < size) await turns(1);
    }
  });

  test("the stream after a switch ends each side separately", async () => {
    const { near, far } = await switched();
    const closed = Promise.all([once(near, "close"), once(far, "close")]);
    far.end("the last word");
    const heard: Buffer[] = [];
    for await (const chunk of near.iterator({ destroyOnReturn: false })) heard.push(chunk);
    expect(String(Buffer.concat(heard))).toBe("the last word");
    far.resume();
    near.end("an answer");
    expect(String(await once(far, "data"))).toBe("an answer");
    await closed;
  });

  test("the stream after a switch emits an error, and close when it is destroyed", async () => {
    const { near, far } = await switched();
    near.resume();
    const [error] = await Promise.all([
      once(near, "error").then(([reason]) => reason),
      (far as Socket).resetAndDestroy(),
    ]);
    expect(error.code).toBe("ECONNRESET");
    expect(near.destroyed).toBe(true);
  });

  test.each(["client", "server"])(
    "the stream after a switch carries HTTP, with its %s as HTTP server",
    async (serving) => {
      const { near, far } = await switched();
      const [served, asking] = serving === "client" ? [near, far] : [far, near];
      const server = createHTTPServer((incoming, response) => {
        incoming.resume().on("end", () => response.end("x".repeat(100_000)));
      });
      server.emit("connection", served);
      served.resume();
      asking.resume();
      const closed = Promise.all([once(served, "close"), once(asking, "close")]);
      const ask = request({ createConnection: () => asking, method: "POST" });
      const responded = once(ask, "response");
      ask.end("y".repeat(200_000));
      const [response] = await responded;
      let length = 0;
      for await (const chunk of response) length += chunk.length;
      expect(length).toBe(100_000);
      await closed;
    },
  );

  test("the stream after a switch closes when its peer resets it in the middle of HTTP", async () => {
    const { near, far } = await switched();
    const server = createHTTPServer();
    server.emit("connection", near);
    near.resume();
    far.write("POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 10\r\n\r\n123");
    await once(server, "request");
    const closed = new Promise((resolve) => near.once("close", resolve));
    (far as Socket).resetAndDestroy();
    await closed;
  });
});
