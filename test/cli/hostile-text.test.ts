/** Text of a peer in keys, names, tags, codes and values forges no line and controls no terminal. */
import { writeFileSync } from "node:fs";
import { Box } from "ampwire";
import { describe, expect, test } from "vitest";
import { lineOf } from "../../src/cli/traffic/line.ts";
import { Pairing } from "../../src/cli/traffic/pairing.ts";
import { rawServer } from "../support/loopback.ts";
import { bytesOf, RawPeer } from "../support/raw-peer.ts";
import { scratchPath } from "../support/tls-side.ts";
import type { Outcome } from "./run-command.ts";
import { runHere } from "./run-here.ts";

/** Text with line ends, two sequences that clear the screen, and a change of direction. */
const HOSTILE = "no\ntotal=95\r\u001b[2J\u009b2J\u202e";
/** Characters that a line may contain. */
const PLAIN = /^[^\p{Control}\p{Bidi_Control}\u2028\u2029]*$/u;

/** Expects `lines` lines on standard output, and only plain lines on both streams. */
function expectPlain({ out, err }: Outcome, lines: number): void {
  const written = out.split("\n").slice(0, -1);
  expect(written).toHaveLength(lines);
  for (const line of [...written, ...err.split("\n")]) expect(line).toMatch(PLAIN);
}

/** Runs a subcommand that sends one ask, and answers it with `fields`. */
async function answered(fields: Readonly<Record<string, string>>, args: (at: string) => string) {
  const { port, next } = await rawServer();
  const outcome = runHere(args(`tcp://127.0.0.1:${port}`));
  const peer = new RawPeer(await next());
  await peer.box();
  peer.send(fields);
  return outcome;
}

describe.each(["", " --json"])("ampwire%s", (flags) => {
  test("the text of a peer in an answer to a call is escaped", async () => {
    const outcome = await answered(
      { _answer: "1", [HOSTILE]: HOSTILE, total: "94" },
      (at) => `call ${at} Sum a=1${flags}`,
    );
    expect(outcome.code).toBe(0);
    expectPlain(outcome, flags === "" ? 2 : 1);
  });

  test("the text of a peer in the error of a call is escaped", async () => {
    const error = { _error: "1", _error_code: HOSTILE, _error_description: HOSTILE };
    const outcome = await answered(error, (at) => `call ${at} Sum a=1${flags}`);
    expect(outcome.code).toBe(1);
    expectPlain(outcome, 0);
    expect(outcome.err.split("\n")).toHaveLength(2);
  });

  test("the text of a peer in decoded boxes is escaped", async () => {
    const file = scratchPath("boxes");
    const boxes = [
      { _ask: HOSTILE, _command: HOSTILE, [HOSTILE]: HOSTILE },
      { _answer: HOSTILE, [HOSTILE]: HOSTILE },
      { _error: HOSTILE, _error_code: HOSTILE, _error_description: HOSTILE },
      { [HOSTILE]: HOSTILE },
    ];
    // The last box is cut off after its key.
    writeFileSync(file, bytesOf(...boxes, bytesOf({ [HOSTILE]: "", last: "one" }).subarray(0, -4)));
    const outcome = await runHere(`decode ${file}${flags}`);
    expect(outcome.code).toBe(1);
    expectPlain(outcome, boxes.length);
  });

  test("the text of a peer in the differences of a replay is escaped", async () => {
    const file = scratchPath("talk.jsonl");
    const pairing = new Pairing(new Map(), () => 0);
    const lines = (["client", "server"] as const).map((from) => {
      const box = new Box(from === "client" ? { _ask: "1", _command: HOSTILE } : { _answer: "1" });
      return lineOf(1, { kind: "box", from, secure: false, box, meaning: pairing.interpret(from, box) });
    });
    writeFileSync(file, lines.map((line) => JSON.stringify(line)).join("\n"));
    const outcome = await answered(
      { _answer: "1", [HOSTILE]: HOSTILE },
      (at) => `replay ${file} --to ${at}${flags}`,
    );
    expect(outcome.code).toBe(1);
    expectPlain(outcome, 1);
  });
});

test("keys, names, tags, codes and values that would look like other fields are quoted", async () => {
  const file = scratchPath("forged");
  const forged = "1] a=2";
  writeFileSync(
    file,
    bytesOf(
      { _ask: forged, _command: forged, [forged]: forged },
      { _error: "1", _error_code: forged, _error_description: "by zero a=2", b: "" },
      { _error: "1", _error_code: "ZERO", _error_description: "by zero" },
    ),
  );
  const { out } = await runHere(`decode ${file}`);
  expect(out.split("\n").map((line) => line.replace(/^@\d+ /, ""))).toEqual([
    'asks "1] a=2" ["1] a=2"] "1] a=2"="1] a=2"',
    'fails an ask [1] "1] a=2": "by zero a=2" b=',
    "fails an ask [1] ZERO: by zero",
    "",
  ]);
  const called = await answered({ _answer: "1", "total=94 a": "1 b=2" }, (at) => `call ${at} Sum`);
  expect(called.out).toBe('"total=94 a"="1 b=2"\n');
});
