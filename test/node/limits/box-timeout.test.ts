/** boxTimeout over a socket. */
import { BoxTimeout } from "ampwire";
import { expect, test } from "vitest";
import { bytesOf } from "../../support/raw-peer.ts";
import { ended } from "../../support/settled.ts";
import { openedBy } from "./hostile.ts";

const ask = bytesOf({ _ask: "1", _command: "Mark", text: "slowly" });

test("a peer that sends a box over a socket one byte at a time is closed at the timeout, and cannot continue", async () => {
  const { connection, peer } = await openedBy({ limits: { boxTimeout: 100, idleTimeout: 10_000 } });
  peer.send({ _ask: "1", _command: "Echo" });
  expect(await peer.box()).toEqual({ _answer: "1" });
  let sent = 0;
  const dripping = setInterval(() => peer.send(ask.subarray(sent, ++sent)), 10);
  const reason = await ended(connection);
  clearInterval(dripping);
  expect(reason).toBeInstanceOf(BoxTimeout);
  const [, came] = /: (\d+) bytes of it were received$/.exec(reason.message) ?? [];
  expect(Number(came)).toBeGreaterThan(0);
  expect(Number(came)).toBeLessThanOrEqual(sent);
  expect(await peer.box()).toBeUndefined();
});
