/** Calls from ampwire's client to Twisted's server. */
import { Box } from "ampwire";
import { connect, listen } from "ampwire/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callSuite } from "../contracts/calls.ts";
import { peerLocator } from "../support/responders.ts";
import { scratchPath } from "../support/tls-side.ts";
import {
  type Address,
  addressOf,
  describeWithTwisted,
  type TwistedServer,
  twistedServer,
} from "../support/twisted.ts";

describeWithTwisted("calls to a Twisted server", () => {
  let tcp: TwistedServer;
  let unix: TwistedServer;

  beforeAll(async () => {
    [tcp, unix] = await Promise.all([
      twistedServer(),
      twistedServer({ path: scratchPath("twisted.socket") }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([tcp, unix].map((server) => server[Symbol.asyncDispose]()));
  });

  const open = (address: Address) => connect({ ...address, locator: peerLocator() });

  describe("over TCP", () => callSuite(() => open(tcp.address)));

  describe("over a UNIX socket", () => callSuite(() => open(unix.address)));

  describe("inside TLS", () =>
    callSuite(async () => {
      const connection = await open(tcp.address);
      await connection.startTLS();
      return connection;
    }));

  // In the box of FailWith `fatal` is False.
  it.each(["FailDeclared", "FailFatal", "FailUndeclared", "FailWith", "FailReturn"])(
    "%s without _ask closes the connection at Twisted and at ampwire",
    async (name) => {
      const box = new Box({ message: "m", code: "CODE", description: "d", fatal: "False" });
      await using ours = await listen({
        port: 0,
        host: "127.0.0.1",
        locator: peerLocator(),
        onError() {},
      });
      for (const address of [tcp.address, addressOf(ours)]) {
        const connection = await connect(address);
        connection.callRemoteString(name, box, { requiresAnswer: false });
        expect((await connection.closed).message).toBe("the peer closed the connection");
      }
    },
  );
});
