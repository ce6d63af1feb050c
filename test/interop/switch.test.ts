/**
 * Protocol switches between Twisted's client and ampwire's server, and between ampwire's client and Twisted's server,
 * in plaintext and TLS.
 */
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";
import { ProtocolSwitched } from "ampwire";
import { connect, listen, type NodeConnection, type Server } from "ampwire/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as commands from "../support/commands.ts";
import { peerLocator } from "../support/responders.ts";
import { scratchPath } from "../support/tls-side.ts";
import {
  addressOf,
  describeWithTwisted,
  type TwistedServer,
  twistedRun,
  twistedServer,
} from "../support/twisted.ts";

describeWithTwisted("protocol switches asked by Twisted", () => {
  it.each([
    ["over TCP", () => ({ port: 0, host: "127.0.0.1" })],
    ["over a UNIX socket", () => ({ path: scratchPath("ours.socket") })],
  ])("a Twisted client switches the protocol %s", async (_, address) => {
    const server: Server = await listen({ ...address(), locator: peerLocator() });
    const run = await twistedRun("switch", addressOf(server));
    expect(run.failures).toEqual([]);
    expect([...run.steps.keys()]).toEqual(["RefuseSwitch", "AMP goes on", "SwitchToLine"]);
    await server.close();
  });
});

describeWithTwisted("protocol switches asked by this end", () => {
  let server: TwistedServer;

  beforeAll(async () => {
    server = await twistedServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  describe.each([
    ["in plaintext", async () => {}],
    ["inside TLS", (connection: NodeConnection) => connection.startTLS()],
  ])("%s", (_, prepare) => {
    async function open(): Promise<NodeConnection> {
      const connection = await connect({ ...server.address, locator: peerLocator() });
      await prepare(connection);
      return connection;
    }

    it("a switch that Twisted refuses rejects with its own error, and AMP continues", async () => {
      const connection = await open();
      const refused = connection.switchProtocol(commands.RefuseSwitch, {});
      const held = connection.callRemote(commands.Sum, { a: 1n, b: 2n });
      await expect(refused).rejects.toThrow(new commands.SwitchRefusedError("AMP goes on"));
      await expect(refused).rejects.toBeInstanceOf(commands.SwitchRefusedError);
      expect(await held).toEqual({ total: 3n });
      await connection.close();
    });

    it("a switch with Twisted hands the stream over", async () => {
      const connection = await open();
      const stream = await connection.switchProtocol(commands.SwitchToLine, {});
      const lines = createInterface({ input: stream })[Symbol.asyncIterator]();
      stream.write("one\r\n");
      expect((await lines.next()).value).toBe("echo: one");
      stream.write("two\r\n\r\n");
      expect((await lines.next()).value).toBe("echo: two");
      expect((await lines.next()).value).toBe("echo: ");
      await ended(stream);
    });

    it("a switch with Twisted ends AMP: calls in progress and later calls reject", async () => {
      const connection = await open();
      const slow = connection.callRemote(commands.Slow, { milliseconds: 10_000 });
      const switched = connection.switchProtocol(commands.SwitchToLine, {});
      const held = connection.callRemote(commands.Sum, { a: 1n, b: 2n });
      const outcomes = Promise.allSettled([slow, held]);
      const stream = await switched;
      const reason = await connection.closed;
      expect(reason).toBeInstanceOf(ProtocolSwitched);
      expect(await outcomes).toMatchObject(Array(2).fill({ status: "rejected", reason: { cause: reason } }));
      await expect(connection.callRemote(commands.Sum, { a: 1n, b: 2n })).rejects.toThrow(ProtocolSwitched);
      await ended(stream);
    });
  });

  async function ended(stream: Duplex): Promise<void> {
    const closed = once(stream, "close");
    stream.resume().end();
    await closed;
  }
});
