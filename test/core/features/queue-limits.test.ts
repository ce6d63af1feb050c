/** The exact limits of the bytes that are queued during a protocol change. */
import { LimitExceeded } from "ampwire";
import { flushPending, scriptedPeer } from "ampwire/testing";
import { expect, test } from "vitest";
import { ended, rejection } from "../../support/settled.ts";
import { calculator, Note, SUM, Sum } from "../calculator.ts";

const STLS = { _ask: "1", _command: "StartTLS" };
const TEXT = "x".repeat(100);
/** Bytes of a call of Note with this text: `_command`, `text` and the end of the box. */
const NOTE_BYTES = 2 + 8 + 2 + 4 + (2 + 4 + 2 + 100) + 2;
/** Bytes of an answer of Sum with a tag of one digit. */
const ANSWER_BYTES = 2 + 7 + 2 + 1 + (2 + 5 + 2 + 1) + 2;

test.each([
  ["is rejected at maxHeldBytes", NOTE_BYTES, true],
  ["is queued one byte below maxHeldBytes", NOTE_BYTES + 1, false],
])("a call during an upgrade %s", async (_, maxHeldBytes, refused) => {
  const { connection, peer } = scriptedPeer({ limits: { maxHeldBytes } }, { fakeTLS: true });
  const upgraded = connection.startTLS();
  await peer.expect(STLS);
  connection.callRemote(Note, { text: TEXT });
  const last = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
  peer.send({ _answer: "1" });
  await peer.startTLS("responder");
  await upgraded;
  await peer.expect({ _command: "Note", text: TEXT });
  if (!refused) await peer.expect({ ...SUM, _ask: "3" });
  connection.destroy();
  expect((await last) instanceof LimitExceeded).toBe(refused);
});

test.each([
  ["is disconnected at maxUnsentBytes", 4 * ANSWER_BYTES, "closed"],
  ["stays connected one byte below maxUnsentBytes", 4 * ANSWER_BYTES + 1, "upgrading"],
])("a peer that asks again with answers queued during an upgrade %s", async (_, maxUnsentBytes, state) => {
  const calc = calculator();
  const { connection, peer } = scriptedPeer(
    { locator: calc.locator, limits: { maxUnsentBytes } },
    { fakeTLS: true },
  );
  const upgraded = rejection(connection.startTLS());
  await peer.expect(STLS);
  for (const _ask of ["a", "b", "c", "d", "e"]) {
    peer.send({ ...SUM, _ask });
    await flushPending();
  }
  const shown = connection.state;
  connection.destroy();
  await upgraded;
  const reason = await ended(connection);
  expect({ state: shown, limited: reason instanceof LimitExceeded }).toEqual({
    state,
    limited: state === "closed",
  });
});
