/** Calls from Twisted's client to ampwire's server. */
import { listen, type NodeConnection, type Server } from "ampwire/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callSuite } from "../contracts/calls.ts";
import { peerLocator } from "../support/responders.ts";
import { scratchPath } from "../support/tls-side.ts";
import {
  type Address,
  addressOf,
  describeWithTwisted,
  twistedClient,
  twistedRun,
} from "../support/twisted.ts";

describeWithTwisted("calls from a Twisted client", () => {
  let tcp: Server;
  let unix: Server;
  const reported: unknown[] = [];
  const arrivals: ((connection: NodeConnection) => void)[] = [];

  beforeAll(async () => {
    const options = {
      locator: peerLocator(),
      onError: (error: unknown) => reported.push(error),
      onConnection: (connection: NodeConnection) => arrivals.shift()?.(connection),
    };
    tcp = await listen({ ...options, port: 0, host: "127.0.0.1" });
    unix = await listen({ ...options, path: scratchPath("ours.socket") });
  });
  afterAll(async () => {
    await Promise.all([tcp.close(), unix.close()]);
  });

  describe.each([
    ["over TCP", () => tcp],
    ["over a UNIX socket", () => unix],
  ])("%s", (_, server) => {
    it.each(["calls", "notify"] as const)(
      "a Twisted client runs the scenario %s without failures",
      async (scenario) => {
        const { failures, outcome } = await twistedRun(scenario, addressOf(server()));
        expect(failures).toEqual([]);
        expect(outcome).toBe("ok");
      },
    );

    it("a Twisted client receives every kind of error", async () => {
      reported.length = 0;
      const { failures, steps } = await twistedRun("errors", addressOf(server()));
      expect(failures).toEqual([]);
      expect(steps.get("UnhandledCommand")?.value).toBe("(b'UNHANDLED', \"Unhandled Command: 'NotServed'\")");
      // A Twisted server would close here without an answer.
      expect(steps.get("answer too long")?.value).toBe("UnknownRemoteError");
      // Errors whose text the peer does not receive are reported here.
      expect(reported.map(String)).toEqual([
        "Error: a secret",
        expect.stringMatching(/^BadLocalReturn: .*FailReturn.*total/),
        'InvalidSignature: argument of Sum: "b" is missing',
        'InvalidSignature: argument of Sum: "b": not an integer: "0x10"',
        expect.stringMatching(/^BadLocalReturn: .*Repeat.*value/),
      ]);
    });
  });

  describe("calls to the Twisted client", () => {
    /** Starts a client that serves, and returns ampwire's end of its connection. */
    async function serving(address: Address): Promise<NodeConnection> {
      const arrival = new Promise<NodeConnection>((resolve) => arrivals.push(resolve));
      twistedClient("serve", address);
      return arrival;
    }

    callSuite(() => serving(addressOf(tcp)));
  });
});
