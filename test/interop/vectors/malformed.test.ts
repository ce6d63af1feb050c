/**
 * Golden malformed input: how ampwire's server handles bytes that break the protocol, or almost do, compared with
 * Twisted.
 *
 * As in Twisted's recording, the server asks Sum(1, 2) with the tag 1 before the bytes arrive in one segment.
 */
import { ConnectionLost, InvalidSignature, UnhandledCommand } from "ampwire";
import { expect, it } from "vitest";
import * as commands from "../../support/commands.ts";
import { ourServer, rawClient } from "../../support/loopback.ts";
import { peerLocator } from "../../support/responders.ts";
import { type Malformed, readVectors } from "../../support/vectors.ts";
import { WireEnd } from "../../support/wire-end.ts";
import { MISBEHAVIOUR } from "./differences.ts";

/** `_ask: 1, _command: Sum, a: 1, b: 2` */
const ASKED_BYTES = 38;

it.each(readVectors("malformed.json"))(
  "ampwire's server handles the malformed input $name as Twisted does, or as listed",
  async (vector) => {
    const { port, next } = await ourServer({ locator: peerLocator(), extensions: false });
    const [socket, connection] = await Promise.all([rawClient(port), next()]);
    const asked = connection.callRemote(commands.Sum, { a: 1n, b: 2n }).then(
      (response) => ({ response: { total: String(response.total) } }),
      (error: unknown) => ({ error }),
    );
    const peer = new WireEnd(socket);
    expect(await peer.take(ASKED_BYTES)).toHaveLength(ASKED_BYTES);

    const { why: _, ...ours } = MISBEHAVIOUR[vector.name] ?? { why: "" };
    const expected = { ...vector, ...ours };
    peer.send(Buffer.from(vector.hex, "hex"));
    // If the connection is expected to stay open, the test ends it, and the reason is the end by the peer.
    if (!expected.closes || vector.ends) peer.end();

    const answered = Buffer.from(expected.answered, "hex");
    expect((await peer.rest()).toString("latin1")).toBe(answered.toString("latin1"));
    const reason = await connection.closed;
    const endedByPeer = reason instanceof ConnectionLost && /^the peer closed/.test(reason.message);
    expect(endedByPeer).toBe(!expected.closes || vector.ends === true);
    const broken = expected.exception ?? (expected.asked.error === "TooLong" ? "TooLong" : undefined);
    if (expected.closes && broken !== undefined) expect(violations[broken]).toContain(reason.name);
    expect(await asked).toEqual(fate(expected, reason));
  },
);

/** Names of the errors that end the connection, by the exception that escapes from Twisted. */
const violations: Readonly<Record<string, readonly string[]>> = {
  TooLong: ["KeyTooLong"],
  NoEmptyBoxes: ["NoEmptyBoxes"],
  KeyError: ["UnexpectedAnswer", "MalformedAmpBox"],
};

/**
 * Returns the expected outcome of the server's own ask. Unless it was answered, it rejects with the reason of the end.
 */
function fate({ asked: { response, error, message }, closes }: Malformed, reason: Error): object {
  if (response !== undefined) return { response };
  if (error === "UnknownRemoteError") {
    return { error: expect.objectContaining({ name: error, description: message }) };
  }
  if (error === "UnhandledCommand") return { error: new UnhandledCommand(`Sum: UNHANDLED: ${message}`) };
  const answerIsWrong = !closes && error !== undefined && error !== "ConnectionDone";
  return { error: answerIsWrong ? expect.any(InvalidSignature) : expect.objectContaining({ cause: reason }) };
}
