/** Calls from ampwire's client to Twisted's server. */
import { connect } from "ampwire/node";
import { afterAll, beforeAll, describe } from "vitest";
import { callSuite } from "../contracts/calls.ts";
import { peerLocator } from "../support/responders.ts";
import { scratchPath } from "../support/tls-side.ts";
import { type Address, describeWithTwisted, type TwistedServer, twistedServer } from "../support/twisted.ts";

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
});
