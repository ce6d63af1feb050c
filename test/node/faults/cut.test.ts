/**
 * Connections that are cut at every byte of a call: both ends detect it, every promise settles once, and nothing leaks.
 * test/node/starttls/cut.test.ts has the same tests for an upgrade. This file also checks for leaks after both.
 */
import { readdirSync } from "node:fs";
import { AmpError } from "ampwire";
import { describe, expect, test } from "vitest";
import { testCertificates } from "../../support/certificates.ts";
import { ourClient, ourServer } from "../../support/loopback.ts";
import { pendingTimers } from "../../support/pending-timers.ts";
import { bytesOf } from "../../support/raw-peer.ts";
import { ended, settling } from "../../support/settled.ts";
import { type Cut, wireTo } from "../../support/tcp-proxy.ts";
import { Mark, witness } from "../../support/witness.ts";

const { server: localCertificate } = await testCertificates();

const LENGTHS = {
  toServer: bytesOf({ _ask: "1", _command: "Mark", text: "cut" }).length,
  toClient: bytesOf({ _answer: "1", text: "cut" }).length,
};

/** Runs a call over a wire that is cut, until both connections have ended. */
async function callOver(cut: Cut) {
  const { heard, locator } = witness();
  const accepting = await ourServer({ locator });
  const wire = await wireTo(accepting.port, cut);
  const client = await ourClient(wire.port);
  const server = await accepting.next();
  const call = client.callRemote(Mark, { text: "cut" });
  const answer = settling(call);
  await answer.over;
  expect(await Promise.all([client.closed, server.closed])).toEqual([
    expect.any(AmpError),
    expect.any(AmpError),
  ]);
  accepting.server.destroy();
  return { how: answer.how, heard };
}

describe.each(["FIN", "RST"] as const)("a call cut with %s", (how) => {
  test.each(["toServer", "toClient"] as const)(
    "a call that is cut at every byte of the way %s settles once at both ends",
    async (way) => {
      const cuts = Array.from({ length: LENGTHS[way] }, (_, after) => callOver({ way, after, how }));
      for (const [after, { how: outcome, heard }] of (await Promise.all(cuts)).entries()) {
        expect(outcome, `after ${after} bytes`).toEqual(["rejected"]);
        // A responder runs only if its ask has arrived completely, and only once.
        expect(heard, `after ${after} bytes`).toEqual(way === "toServer" ? [] : ["cut"]);
      }
      expect(pendingTimers()).toBe(0);
    },
  );
});

test.each(["client", "server"] as const)(
  "a call rejects when its %s destroys the connection",
  async (side) => {
    for (let turns = 0; turns < 12; turns++) {
      const { heard, locator } = witness();
      const accepting = await ourServer({ locator });
      const client = await ourClient(accepting.port);
      const server = await accepting.next();
      const call = settling(client.callRemote(Mark, { text: "x" }));
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      (side === "client" ? client : server).destroy();
      await Promise.all([call.over, client.closed, server.closed]);
      expect(call.how).toHaveLength(1);
      expect(heard.length).toBeLessThanOrEqual(1);
    }
  },
);

test("hundreds of cuts of calls and upgrades leave no descriptor, no timer and no handle", async () => {
  const descriptors = () => readdirSync("/proc/self/fd").length;
  const resources = () =>
    process.getActiveResourcesInfo().filter((one) => /TCP|TLS|Pipe|Timeout|Connect|Shutdown|Write/.test(one));
  const round = async () => {
    const { locator } = witness();
    const both = { locator, tls: { localCertificate }, handshakeDelay: 0 };
    const accepting = await ourServer(both);
    await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        const client = await ourClient(accepting.port, both);
        const outcomes = [client.callRemote(Mark, { text: "x" })];
        if (n % 2 === 0) outcomes.push(client.startTLS().then(() => ({ text: "" })));
        const over = Promise.allSettled(outcomes);
        for (let turn = 0; turn < n / 2; turn++) await new Promise(setImmediate);
        client.destroy();
        await over;
        await ended(client);
      }),
    );
    const left = [...accepting.server.connections];
    accepting.server.destroy();
    await Promise.all(left.map(({ closed }) => closed));
    expect(accepting.server.connections.size).toBe(0);
  };
  await round(); // the first round creates what is cached: for example, a secure context
  await settledDown();
  const before = { descriptors: descriptors(), resources: resources().length };
  for (let n = 0; n < 4; n++) await round();
  // The system closes sockets with a delay. Other test files run in this process, but do not use these sockets.
  for (let wait = 0; wait < 100 && resources().length > before.resources; wait++) await settledDown();
  expect(resources().length).toBeLessThanOrEqual(before.resources);
  expect(pendingTimers()).toBe(0);
  // Other threads of this process have descriptors too, but a leak in four rounds would leave at least 160.
  expect(descriptors()).toBeLessThan(before.descriptors + 40);
});

function settledDown(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
