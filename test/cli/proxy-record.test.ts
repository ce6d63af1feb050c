/** Recordings and printed lines of a proxy. */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { Box, type Command, ProtocolError } from "ampwire";
import { describe, expect, test } from "vitest";
import { styleFor } from "../../src/cli/print/style.ts";
import type { Endpoint } from "../../src/cli/traffic/endpoint.ts";
import { boxOf, lineOf } from "../../src/cli/traffic/line.ts";
import { Pairing } from "../../src/cli/traffic/pairing.ts";
import { printedLine } from "../../src/cli/traffic/printing.ts";
import { Recording, readRecording } from "../../src/cli/traffic/recording.ts";
import type { Traffic } from "../../src/cli/traffic/traffic.ts";
import * as commands from "../support/commands.ts";
import { scratchPath } from "../support/tls-side.ts";

const TIME = new Date("2024-02-03T04:05:06.789Z");

/** Returns a function that makes traffic of boxes, with a clock that advances 5 ms for each box. */
function passing(...known: Command[]) {
  let now = 0;
  const pairing = new Pairing(new Map(known.map((command) => [command.name, command])), () => {
    now += 5;
    return now;
  });
  return (from: Endpoint, fields: Record<string, string | Uint8Array>): Traffic => {
    const box = new Box(fields);
    return { kind: "box", from, secure: false, box, meaning: pairing.interpret(from, box) };
  };
}

function printed(traffic: Traffic, longest = 200): string {
  return printedLine(3, traffic, { style: styleFor({}), longest }, TIME);
}

describe("Pairing", () => {
  test("pairs answers with asks by tag and direction", () => {
    const pass = passing();
    pass("client", { _ask: "1", _command: "Sum" });
    pass("server", { _ask: "1", _command: "Divide" });
    expect(pass("server", { _answer: "1" })).toMatchObject({ meaning: { ask: { name: "Sum" }, took: 10 } });
    expect(pass("client", { _error: "1", _error_code: "UNKNOWN" })).toMatchObject({
      meaning: { kind: "error", ask: { name: "Divide" }, code: "UNKNOWN", took: 10 },
    });
  });

  test("recognises answers without an ask, repeated answers, and boxes that are neither", () => {
    const pass = passing();
    pass("client", { _ask: "1", _command: "Sum" });
    pass("server", { _answer: "1" });
    expect(pass("server", { _answer: "1" })).toMatchObject({ meaning: { ask: undefined, took: undefined } });
    expect(pass("server", { a: "b" })).toMatchObject({ meaning: { kind: "stray" } });
    expect(pass("client", { _command: "Notify" })).toMatchObject({ meaning: { tag: undefined } });
  });

  test("distinguishes tags that are not text", () => {
    const pass = passing();
    pass("client", { _ask: Uint8Array.of(0xff), _command: "A" });
    pass("client", { _ask: Uint8Array.of(0xfe), _command: "B" });
    expect(pass("server", { _answer: Uint8Array.of(0xff) })).toMatchObject({
      meaning: { ask: { name: "A" } },
    });
    expect(pass("server", { _answer: Uint8Array.of(0xfe) })).toMatchObject({
      meaning: { ask: { name: "B" } },
    });
  });
});

describe("printedLine", () => {
  test("a printed line shows asks, answers and errors", () => {
    const pass = passing();
    expect(printed(pass("client", { _ask: "1", _command: "Sum", a: "13", b: Uint8Array.of(0, 255) }))).toBe(
      "04:05:06.789 #3 --- client asks Sum [1] a=13 b=0x00ff",
    );
    expect(printed(pass("server", { _answer: "1", total: "94" }))).toBe(
      "04:05:06.789 #3 --- server answers Sum [1] in 5.0 ms total=94",
    );
    pass("client", { _ask: "2", _command: "Divide" });
    const error = { _error: "2", _error_code: "ZERO_DIVISION", _error_description: "division by zero" };
    expect(printed(pass("server", error))).toBe(
      "04:05:06.789 #3 --- server fails Divide [2] in 5.0 ms ZERO_DIVISION: division by zero",
    );
    expect(printed(pass("client", { _command: "Notify", message: "x" }))).toBe(
      "04:05:06.789 #3 --- client sends Notify message=x",
    );
  });

  test("a printed line shows typed values if the box fits the command in the schema", () => {
    const pass = passing(commands.EchoListOfInteger as unknown as Command);
    const value = Uint8Array.of(0, 1, 0x31, 0, 2, 0x2d, 0x32);
    expect(printed(pass("client", { _ask: "1", _command: "EchoListOfInteger", value }))).toContain(
      'value=["1","-2"]',
    );
    expect(printed(pass("server", { _answer: "1", value: "\0" }))).toContain("value=0x00");
  });

  test("a printed line escapes control characters and truncates long values", () => {
    const pass = passing();
    const line = printed(
      pass("client", { _command: "\u001b[2J", text: `a\nb`, long: "x".repeat(50), "k\u0007": "v" }),
      10,
    );
    expect(line).toContain("sends \\x1b[2J text=a\\nb long=xxxxxxxxxx… (50 characters) k\\x07=v");
  });

  test("a printed line truncates names, tags, keys and error codes", () => {
    const pass = passing();
    const long = "x".repeat(50);
    expect(printed(pass("client", { _ask: long, _command: long, [long]: "" }), 3)).toContain(
      "asks xxx… (50 characters) [xxx… (50 characters)] xxx… (50 characters)=",
    );
    expect(printed(pass("server", { _error: long, _error_code: long, _error_description: "" }), 3)).toContain(
      " xxx… (50 characters): ",
    );
  });

  test("a printed line shows raw bytes, errors and TLS sessions", () => {
    expect(printed({ kind: "raw", from: "client", secure: false, bytes: Buffer.from("GET /") })).toBe(
      "04:05:06.789 #3 client sent 5 bytes that are not AMP: GET /",
    );
    expect(printed({ kind: "closed", reason: new ProtocolError("why") })).toContain("closed: why");
    const tls = { protocol: "TLSv1.3", certificate: undefined };
    expect(printed({ kind: "secured", client: tls, server: { ...tls, certificate: "CN=x" } })).toContain(
      "TLS: TLSv1.3 with the client, without certificate; TLSv1.3 with the server, certificate CN=x",
    );
  });
});

describe("a recording", () => {
  test("a recording restores boxes byte for byte", () => {
    const box = new Box({ _command: "X", text: "é\n", binary: Uint8Array.of(0, 159, 255), empty: "" });
    box.set("\udcff", "key that is not UTF-8").set("__proto__", "p").set("hex", "00");
    const pass: Traffic = { kind: "box", from: "client", secure: true, box, meaning: { kind: "stray" } };
    const line = JSON.parse(JSON.stringify(lineOf(1, pass, TIME)));
    expect(line).toMatchObject({
      time: "2024-02-03T04:05:06.789Z",
      connection: 1,
      from: "client",
      secure: true,
    });
    const back = boxOf(line.box);
    const plain = (one: Box) => [...one].map(([key, value]) => [key, [...value]]).sort();
    expect(plain(back)).toEqual(plain(box));
  });

  test("a recording is written line by line, and only its owner can read it", () => {
    const path = scratchPath("talk.jsonl");
    const lines = [
      lineOf(1, { kind: "opened", peer: undefined }, TIME),
      lineOf(1, { kind: "raw", from: "server", secure: false, bytes: Uint8Array.of(1, 2) }, TIME),
    ];
    writeFileSync(path, "old content", { mode: 0o644 });
    {
      using recording = new Recording(path);
      for (const line of lines) {
        recording.write(line);
        expect(readFileSync(path, "utf8").endsWith("\n")).toBe(true);
      }
    }
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readRecording(path)).toEqual(lines);
  });

  test.each([
    "nonsense",
    "{}",
    "null",
    '{"connection":1}',
    '{"connection":1,"box":{}}',
    '{"connection":1,"from":"client","box":null}',
  ])("a file that contains %s is not a recording", (text) => {
    const path = scratchPath("no-talk.jsonl");
    writeFileSync(path, text);
    expect(() => readRecording(path)).toThrow(/no-talk.jsonl:1 is not a line of a recording/);
  });
});
