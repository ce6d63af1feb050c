import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { connect as connectSocket, createServer, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import {
  ampList,
  command,
  DescriptorsNotAvailable,
  InvalidSignature,
  integer,
  listOf,
  locator,
  optional,
  ProtocolError,
  type ResponderLocator,
  StartTLS,
  unicode,
} from "ampwire";
import { attach, connect, descriptor, listen, type NodeConnection } from "ampwire/node";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { libc } from "../../../src/node/descriptors/libc.ts";
import { testCertificates } from "../../support/certificates.ts";
import { EchoDescriptor } from "../../support/commands.ts";
import { deferred } from "../../support/deferred.ts";
import { tidy } from "../../support/loopback.ts";
import { closeReceived, sharedFile, writeAndClose } from "../../support/open-descriptors.ts";
import { rejection } from "../../support/settled.ts";
import { unixPlace } from "../../support/unix-place.ts";

const Write = command("Write", { arguments: { file: descriptor(), text: unicode() } });
const write = Write.responder(({ file, text }) => writeAndClose(file, text));
const echo = EchoDescriptor.responder(({ value }) => {
  setImmediate(() => closeReceived(value));
  return { value };
});

/** Two of ours that pass descriptors. */
async function joined(
  responders: ResponderLocator = locator(write, echo),
  options: { descriptors?: boolean | { maxWaiting: number } } = { descriptors: true },
): Promise<{ client: NodeConnection; server: NodeConnection }> {
  const path = unixPlace();
  const accepted = deferred<NodeConnection>();
  const listener = await listen({ path, locator: responders, ...options, onConnection: accepted.resolve });
  onTestFinished(() => listener.destroy());
  const client = await connect({ path, locator: responders, descriptors: true });
  const server = await accepted.promise;
  tidy(client);
  tidy(server);
  return { client, server };
}

describe("a descriptor", () => {
  it("is the peer's to use and close, and the sender's stays open", async () => {
    const { client, server } = await joined();
    const file = sharedFile();
    await client.callRemote(Write, { file: file.fd, text: "there " });
    await server.callRemote(Write, { file: file.fd, text: "and back" });
    expect(file.text()).toBe("there and back");
    expect(file.open()).toEqual([file.fd]);
  });

  it("goes as an argument and comes in a response", async () => {
    const { client } = await joined();
    const file = sharedFile();
    const { value } = await client.callRemote(EchoDescriptor, { value: file.fd });
    expect(value).not.toBe(file.fd);
    expect(file.open().sort()).toEqual([file.fd, value].sort());
    writeAndClose(value, "echo");
    expect(file.text()).toBe("echo");
  });

  it("may be closed as soon as the call has been made", async () => {
    const { client } = await joined();
    const file = sharedFile();
    const own = openSync(file.path, "a");
    const call = client.callRemote(Write, { file: own, text: "late" });
    closeSync(own);
    await call;
    expect(file.text()).toBe("late");
  });

  it("finds its box among many, in both directions at once", async () => {
    const Sum = command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } });
    const Long = command("Long", { arguments: { text: unicode() }, response: { text: unicode() } });
    const { client, server } = await joined(
      locator(
        write,
        echo,
        Sum.responder(({ a, b }) => ({ total: a + b })),
        Long.responder(({ text }) => ({ text })),
      ),
    );
    const files = Array.from({ length: 30 }, sharedFile);
    const calls = files.flatMap((file, i) =>
      [client, server].flatMap((end) => [
        end.callRemote(Sum, { a: i, b: 1 }),
        end.callRemote(Long, { text: "x".repeat(60_000) }),
        end.callRemote(EchoDescriptor, { value: file.fd }).then(({ value }) => writeAndClose(value, `${i};`)),
        end.callRemote(Write, { file: file.fd, text: `${i};` }),
      ]),
    );
    await Promise.all(calls);
    for (const [i, file] of files.entries()) {
      expect(file.text()).toBe(`${i};`.repeat(4));
      expect(file.open()).toEqual([file.fd]);
    }
  });

  it("may be absent where it is optional, and be several in a row of a list", async () => {
    const Maybe = command("Maybe", {
      arguments: { file: optional(descriptor()) },
      response: { given: integer() },
    });
    const Many = command("Many", {
      arguments: { rows: ampList({ file: descriptor(), text: unicode(), other: optional(descriptor()) }) },
    });
    const { client } = await joined(
      locator(
        Maybe.responder(({ file }) => {
          if (file !== undefined) closeReceived(file);
          return { given: file === undefined ? 0 : 1 };
        }),
        Many.responder(({ rows }) => {
          for (const { file, text, other } of rows) {
            writeAndClose(file, text);
            if (other !== undefined) writeAndClose(other, text.toUpperCase());
          }
        }),
      ),
    );
    const file = sharedFile();
    expect(await client.callRemote(Maybe)).toEqual({ given: 0 });
    expect(await client.callRemote(Maybe, { file: file.fd })).toEqual({ given: 1 });
    await client.callRemote(Many, {
      rows: [
        { file: file.fd, text: "a" },
        { file: file.fd, text: "b", other: file.fd },
      ],
    });
    expect(file.text()).toBe("abB");
    expect(file.open()).toEqual([file.fd]);
  });

  it("goes on while one side has ended", async () => {
    const { client, server } = await joined();
    const file = sharedFile();
    const call = client.callRemote(EchoDescriptor, { value: file.fd });
    const closed = client.close();
    writeAndClose((await call).value, "last");
    await closed;
    await server.closed;
    expect(file.text()).toBe("last");
    expect(file.open()).toEqual([file.fd]);
  });
});

describe("a descriptor that nobody has use for", () => {
  it("is closed with the connection", async () => {
    const Unclaimed = command("Unclaimed", { arguments: { file: descriptor() } });
    const { client, server } = await joined();
    const file = sharedFile();
    expect((await rejection(client.callRemote(Unclaimed, { file: file.fd }))).name).toBe("UnhandledCommand");
    expect(server.sideChannel?.unclaimed).toBe(1);
    expect(file.open().length).toBe(2);
    await client.close();
    await server.closed;
    expect(file.open()).toEqual([file.fd]);
  });

  it("is one of a bounded number", async () => {
    const Unclaimed = command("Unclaimed", { arguments: { file: descriptor() } });
    const { client, server } = await joined(locator(), { descriptors: { maxWaiting: 3 } });
    const file = sharedFile();
    for (let i = 0; i < 3; i++) await rejection(client.callRemote(Unclaimed, { file: file.fd }));
    const fourth = rejection(client.callRemote(Unclaimed, { file: file.fd }));
    const reason = await server.closed;
    expect(reason).toBeInstanceOf(ProtocolError);
    expect(reason.message).toContain("the limit is 3");
    await fourth;
    await client.closed;
    expect(file.open()).toEqual([file.fd]);
  });

  it("is not sent when the rest of the call cannot be", async () => {
    const Two = command("Two", { arguments: { a: descriptor(), b: descriptor() } });
    const { client } = await joined();
    const file = sharedFile();
    for (const wrong of [-1, 1.5, 1_000_000]) {
      const error = await rejection(client.callRemote(Two, { a: file.fd, b: wrong }));
      expect(error).toBeInstanceOf(InvalidSignature);
      expect(error.message).toContain('"b"');
    }
    // @ts-expect-error: no text
    await rejection(client.callRemote(Write, { file: file.fd }));
    expect(file.open()).toEqual([file.fd]);
    await client.callRemote(Write, { file: file.fd, text: "the count is right" });
    expect(file.text()).toBe("the count is right");
  });

  it("is given back when the rest of the box cannot be read", async () => {
    const Odd = command("Write", { arguments: { file: descriptor(), text: integer() } });
    const { client, server } = await joined(locator(Odd.responder(() => {})));
    const file = sharedFile();
    await rejection(client.callRemote(Write, { file: file.fd, text: "no integer" }));
    await server.closed;
    await client.closed;
    expect(file.open()).toEqual([file.fd]);
  });
});

describe("descriptors are not available", () => {
  it("over TCP, over other streams, and on connections that were not opened for them", async () => {
    await expect(listen({ port: 0, descriptors: true })).rejects.toThrow(DescriptorsNotAvailable);
    await expect(connect({ port: 1, descriptors: true })).rejects.toThrow(/UNIX socket/);
    expect(() => attach(new PassThrough(), { descriptors: true })).toThrow(DescriptorsNotAvailable);
    const tcp = createServer().listen(0);
    onTestFinished(() => void tcp.close());
    const address = tcp.address();
    const socket = connectSocket({ port: typeof address === "object" ? (address?.port ?? 0) : 0 });
    onTestFinished(() => void socket.destroy());
    await new Promise((connected) => socket.once("connect", connected));
    expect(() => attach(socket, { descriptors: true })).toThrow(DescriptorsNotAvailable);

    const path = unixPlace();
    const server = await listen({ path, onConnection: tidy });
    onTestFinished(() => server.destroy());
    const plain = await connect({ path });
    tidy(plain);
    const error = await rejection(plain.callRemote(Write, { file: 0, text: "" }));
    expect(error).toMatchObject({ code: "DESCRIPTORS_NOT_AVAILABLE", fault: "caller" });
    expect(error.message).toContain("`descriptors: true`");
    expect(plain.state).toBe("open");
  });

  it("in a listOf, and without a connection", async () => {
    const List = command("List", { arguments: { files: listOf(descriptor()) } });
    const { client } = await joined();
    expect(await rejection(client.callRemote(List, { files: [0] }))).toMatchObject({
      message: expect.stringContaining("listOf"),
    });
    expect(() => Write.makeArguments({ file: 0, text: "" })).toThrow(DescriptorsNotAvailable);
  });

  it("inside TLS", async () => {
    const { server: localCertificate } = await testCertificates();
    const path = unixPlace();
    const server = await listen({
      path,
      descriptors: true,
      locator: locator(write),
      tls: { localCertificate },
      onConnection: tidy,
    });
    onTestFinished(() => server.destroy());
    const client = await connect({ path, descriptors: true });
    tidy(client);
    const file = sharedFile();
    await client.callRemote(Write, { file: file.fd, text: "plain" });
    await client.startTLS();
    const error = await rejection(client.callRemote(Write, { file: file.fd, text: "secret" }));
    expect(error).toBeInstanceOf(DescriptorsNotAvailable);
    expect(error.message).toContain("TLS");
    expect(file.text()).toBe("plain");
  });

  it("behind a StartTLS: none goes to a peer that is not verified yet", async () => {
    const { client } = await joined(
      locator(
        StartTLS.responder(() => ({})),
        write,
      ),
    );
    const file = sharedFile();
    const upgraded = client.startTLS();
    const error = await rejection(client.callRemote(Write, { file: file.fd, text: "secret" }));
    expect(error).toBeInstanceOf(DescriptorsNotAvailable);
    expect(error.message).toContain("TLS");
    await upgraded;
    expect([client.state, file.text()]).toEqual(["open", ""]);
  });
});

describe("a socket that carries descriptors", () => {
  it("carries megabytes both ways, and stops when nobody reads", async () => {
    const Long = command("Long", { arguments: { text: unicode() }, response: { text: unicode() } });
    const { client, server } = await joined(locator(Long.responder(({ text }) => ({ text }))));
    const text = "y".repeat(65_000);
    const calls = Array.from({ length: 200 }, (_, i) => (i % 2 ? client : server).callRemote(Long, { text }));
    for (const answer of await Promise.all(calls)) expect(answer.text.length).toBe(text.length);
  });

  it("is attached with what was read of it before", async () => {
    const path = unixPlace();
    const accepted = deferred<Socket>();
    const listener = createServer({ pauseOnConnect: true }, accepted.resolve).listen(path);
    onTestFinished(() => void listener.close());
    const client = await connect({ path, descriptors: true });
    tidy(client);
    const file = sharedFile();
    const call = client.callRemote(Write, { file: file.fd, text: "attached" });
    const server = attach(await accepted.promise, {
      role: "server",
      descriptors: true,
      locator: locator(write),
    });
    tidy(server);
    await call;
    expect(file.text()).toBe("attached");
  });

  it("is closed where the process has no descriptor left for it, and the server is told", async () => {
    const path = unixPlace();
    const told: unknown[] = [];
    const onError = (error: unknown) => void told.push(error);
    const server = await listen({ path, descriptors: true, onError });
    onTestFinished(() => server.destroy());
    const error = new Error("fcntl EMFILE");
    const duplicate = vi.spyOn(libc(), "duplicate").mockImplementation(() => {
      throw error;
    });
    onTestFinished(() => duplicate.mockRestore());
    await once(connectSocket(path).resume(), "close");
    expect(told).toEqual([error]);
    expect(server.connections.size).toBe(0);
  });

  it("hears of a peer that is gone", async () => {
    const { client, server } = await joined();
    server.destroy();
    await client.closed;
    expect(await rejection(client.callRemote(Write, { file: 0, text: "" }))).toMatchObject({
      fault: "transport",
    });
  });
});
