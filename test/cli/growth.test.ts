/** The command-line tool takes linear time for every input that a peer chooses. */
import { describe, expect, test } from "vitest";
import { toCliError } from "../../src/cli/cli-error.ts";
import { diagnose } from "../../src/cli/decode/diagnose.ts";
import { Direction } from "../../src/cli/decode/pcap/direction.ts";
import { ExpectedAsks } from "../../src/cli/replay/expected-asks.ts";
import { type Asked, scriptsOf } from "../../src/cli/replay/script.ts";
import type { TrafficLine } from "../../src/cli/traffic/line.ts";
import { parseArgs } from "../../src/cli/values/args.ts";
import { Box, PeerVerifyError } from "../../src/index.ts";
import { expectLinear } from "./growth.ts";

describe("the time grows linearly for", () => {
  test("an error message of blanks", () => {
    expectLinear(
      8_192,
      (size) => new Error(`${" ".repeat(size)}x${"\n ".repeat(size)}`),
      (error) => toCliError(error),
    );
  });

  test("a verification error with many names", () => {
    expectLinear(
      16_384,
      (size) => new PeerVerifyError(`${" (A=".repeat(size)}${"; 10 more".repeat(size)}`),
      (error) => toCliError(error),
    );
  });

  test("the diagnosis of a box with many keys", () => {
    expectLinear(
      2_048,
      (keys) => Buffer.concat([Buffer.alloc(5 * keys, "\0\x01k\0\0", "latin1"), Buffer.of(1)]),
      (bytes) => diagnose(bytes, 0),
    );
  });

  test("arguments with different names", () => {
    expectLinear(
      2_048,
      (args) => Array.from({ length: args }, (_, index) => `a${index}=1`),
      (args) => parseArgs(args),
    );
  });

  test("asks of the server that a replay finds in the recording", () => {
    expectLinear(
      1_024,
      (count) =>
        Array.from({ length: count }, (_, index): Asked => {
          const box = new Box({ _ask: String(index), _command: "Tick", n: String(index) });
          return { kind: "asked", tag: String(index), name: "Tick", box };
        }),
      (asks) => {
        const equal = new ExpectedAsks(asks, () => false);
        const reversed = [...asks].reverse();
        expect(reversed.every((ask) => equal.take(ask.box) === ask)).toBe(true);
        const named = new ExpectedAsks(asks, () => false);
        const other = new Box({ _ask: "1", _command: "Tick", n: "?" });
        expect(asks.every((ask) => named.take(other) === ask)).toBe(true);
      },
    );
  });

  test("answers that a replay sends at once", () => {
    expectLinear(
      1_024,
      (count): TrafficLine[] => {
        const head = { time: "", connection: 1 };
        const tags = Array.from({ length: count }, (_, index) => String(index));
        return [
          { ...head, from: "client", box: { _command: "Start" } },
          ...tags.map((tag) => ({ ...head, from: "server" as const, box: { _ask: tag, _command: "Tick" } })),
          ...[...tags].reverse().map((tag) => ({ ...head, from: "client" as const, box: { _answer: tag } })),
        ];
      },
      (lines) => {
        const [script] = scriptsOf(lines, "client");
        expect(script?.steps.filter((step) => "atOnce" in step)).toHaveLength((lines.length - 1) / 2);
      },
    );
  });

  test("segments in reverse order after a gap", () => {
    expectLinear(
      2_048,
      (segments) => segments,
      (segments) => {
        const direction = new Direction();
        direction.begin(0);
        for (let sequence = segments; sequence > 1; sequence--) direction.take(sequence, Buffer.of(1));
        expect(direction.missing).toBe(1);
        expect(direction.take(1, Buffer.of(1))).toHaveLength(segments);
      },
    );
  });
});

describe("Direction", () => {
  const SEQUENCES = [9, 4, 1, 7, 3, 2, 8, 5, 6];

  test("Direction joins segments of every order, with overlaps and across 2^32", () => {
    const text = Buffer.from("abcdefghijkl");
    for (const start of [0, 2 ** 32 - 5]) {
      const direction = new Direction();
      direction.begin(start);
      const parts = SEQUENCES.flatMap((at) =>
        direction.take((start + at) % 2 ** 32, text.subarray(at - 1, at + 3)),
      );
      expect(Buffer.concat(parts).toString()).toBe("abcdefghijkl");
      expect(direction.missing).toBe(0);
    }
  });

  test("Direction keeps at most 64 MiB after a gap", () => {
    const direction = new Direction();
    direction.begin(0);
    const data = Buffer.alloc(16 * 1024 * 1024);
    for (let i = 0; i < 6; i++) direction.take(2 + i * data.length, data);
    expect([direction.missing, direction.dropped]).toEqual([1, 2 * data.length]);
  });
});

describe("toCliError", () => {
  test("toCliError joins the lines of a message", () => {
    expect(toCliError(new Error("one.\n  two\n\n three. ")).message).toBe("one; two; three.");
  });

  test("toCliError removes a long list of CAs from a verification error", () => {
    const error = new PeerVerifyError(
      "the certificate (CN=x) is not trusted: no CA of (CN=a (b); CN=c; CN=d; 140 more) issued it",
    );
    expect(toCliError(error).message).toBe("the certificate (CN=x) is not trusted: no CA of issued it");
    const short = new PeerVerifyError("no CA of (CN=a; CN=b; CN=c; 2 more) issued it");
    expect(toCliError(short).message).toBe(short.message);
  });
});
