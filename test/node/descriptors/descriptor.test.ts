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
import { ended, rejection } from "../../support/settled.ts";
import { unixPlace } from "../../support/unix-place.ts";

const Write = command("Write", { arguments: { file: descriptor(), text: unicode() } });
const write = Write.responder(({ file, text }) => writeAndClose(file, text));
const echo = EchoDescriptor.responder(({ value }) => {
  setImmediate(() => closeReceived(value));
  return { value };
});

/** Two connections that pass descriptors. */
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
  it("a received descriptor can be used and closed, and the sender's stays open", async () => {
    const { client, server } = await joined();
    const file = sharedFile();
    await client.callRemote(Write, { file: file.fd, text: "there " });
    await server.callRemote(Write, { file: file.fd, text: "and back" });
    expect(file.text()).toBe("there and back");
    expect(file.open()).toEqual([file.fd]);
  });

  it("a descriptor is passed as an argument and in a response", async () => {
    const { client } = await joined();
    const file = sharedFile();
    const { value } = await client.callRemote(EchoDescriptor, { value: file.fd });
    expect(value).not.toBe(file.fd);
    expect(file.open().sort()).toEqual([file.fd, value].sort());
    writeAndClose(value, "echo");
    expect(file.text()).toBe("echo");
  });

  it("the sender may close its descriptor as soon as the call has been made", async () => {
    const { client } = await joined();
    const file = sharedFile();
    const own = openSync(file.path, "a");
    const call = client.callRemote(Write, { file: own, text: "late" });
    closeSync(own);
    await call;
    expect(file.text()).toBe("late");
  });

  it("descriptors find their boxes among many, in both directions at once", async () => {
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

  it("a descriptor may be absent if it is optional, and a row of a list may have several", async () => {
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

  it("descriptors pass while one side has ended", async () => {
    const { client, server } = await joined();
    const file = sharedFile();
    const call = client.callRemote(EchoDescriptor, { value: file.fd });
    const closed = client.close();
    writeAndClose((await call).value, "last");
    await closed;
    await ended(server);
    expect(file.text()).toBe("last");
    expect(file.open()).toEqual([file.fd]);
  });
});

describe("an unclaimed descriptor", () => {
  it("an unclaimed descriptor is closed with the connection", async () => {
    const Unclaimed = command("Unclaimed", { arguments: { file: descriptor() } });
    const { client, server } = await joined();
    const file = sharedFile();
    expect((await rejection(client.callRemote(Unclaimed, { file: file.fd }))).name).toBe("UnhandledCommand");
    expect(server.sideChannel?.unclaimed).toBe(1);
    expect(file.open().length).toBe(2);
    await client.close();
    await ended(server);
    expect(file.open()).toEqual([file.fd]);
  });

  it("the number of unclaimed descriptors is limited", async () => {
    const Unclaimed = command("Unclaimed", { arguments: { file: descriptor() } });
    const { client, server } = await joined(locator(), { descriptors: { maxWaiting: 3 } });
    const file = sharedFile();
    for (let i = 0; i < 3; i++) await rejection(client.callRemote(Unclaimed, { file: file.fd }));
    const fourth = rejection(client.callRemote(Unclaimed, { file: file.fd }));
    const reason = await ended(server);
    expect(reason).toBeInstanceOf(ProtocolError);
    expect(reason.message).toContain("the limit is 3");
    await fourth;
    await ended(client);
    expect(file.open()).toEqual([file.fd]);
  });

  it("a descriptor is not sent if another argument of the call cannot be encoded", async () => {
    const Two = command("Two", { arguments: { a: descriptor(), b: descriptor() } });
    const { client } = await joined();
    const file = sharedFile();
    for (const wrong of [-1, 1.5, 1_000_000]) {
      const error = await rejection(client.callRemote(Two, { a: file.fd, b: wrong }));
      expect(error).toBeInstanceOf(InvalidSignature);
      expect(error.message).toContain('"b"');
    }
    // @ts-expect-error: not a string
    await rejection(client.callRemote(Write, { file: file.fd }));
    expect(file.open()).toEqual([file.fd]);
    await client.callRemote(Write, { file: file.fd, text: "the count is right" });
    expect(file.text()).toBe("the count is right");
  });

  it("a descriptor can be claimed again if the rest of the box cannot be decoded", async () => {
    const Odd = command("Write", { arguments: { file: descriptor(), text: integer() } });
    const { client, server } = await joined(locator(Odd.responder(() => {})));
    const file = sharedFile();
    await rejection(client.callRemote(Write, { file: file.fd, text: "no integer" }));
    await ended(server);
    await ended(client);
    expect(file.open()).toEqual([file.fd]);
  });
});

describe("descriptors are not available", () => {
  it("descriptors are not available over TCP, over other streams, and without the option", async () => {
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

  it("descriptors are not available in a listOf, and without a connection", async () => {
    const List = command("List", { arguments: { files: listOf(descriptor()) } });
    const { client } = await joined();
    expect(await rejection(client.callRemote(List, { files: [0] }))).toMatchObject({
      message: expect.stringContaining("listOf"),
    });
    expect(() => Write.makeArguments({ file: 0, text: "" })).toThrow(DescriptorsNotAvailable);
  });

  it("descriptors are not available inside TLS", async () => {
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

  it("no descriptor is sent after StartTLS to a peer that is not verified yet", async () => {
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

describe("a DescriptorStream", () => {
  it("a socket with descriptors carries megabytes in both directions, and applies backpressure", async () => {
    const Long = command("Long", { arguments: { text: unicode() }, response: { text: unicode() } });
    const { client, server } = await joined(locator(Long.responder(({ text }) => ({ text }))));
    const text = "y".repeat(65_000);
    const calls = Array.from({ length: 200 }, (_, i) => (i % 2 ? client : server).callRemote(Long, { text }));
    for (const answer of await Promise.all(calls)) expect(answer.text.length).toBe(text.length);
  });

  it("attach passes on what was read from the socket before", async () => {
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

  it("a socket is closed if the process has no file descriptor left, and the server reports the error", async () => {
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

  it("a socket with descriptors detects that the peer has gone", async () => {
    const { client, server } = await joined();
    server.destroy();
    await ended(client);
    expect(await rejection(client.callRemote(Write, { file: 0, text: "" }))).toMatchObject({
      fault: "transport",
    });
  });
});
