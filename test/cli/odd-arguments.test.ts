/** Unusual arguments of `ampwire call`: each is reported before a connection is opened, or sent exactly. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command, dateTime, integer, optional, unicode } from "ampwire";
import { afterAll, describe, expect, test } from "vitest";
import { UsageError } from "../../src/cli/cli-error.ts";
import { parseArg, parseArgs } from "../../src/cli/values/args.ts";
import { typedValues } from "../../src/cli/values/typed.ts";
import { untypedBox } from "../../src/cli/values/untyped.ts";
import { runCommand } from "./run-command.ts";
import { runHere } from "./run-here.ts";

const folder = mkdtempSync(join(tmpdir(), "ampwire-arguments-"));
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

const schema = written(
  "commands.mjs",
  `import { command, integer, optional, unicode } from "ampwire";
  export const Sum = command("Sum", { arguments: { a: integer(), b: integer(), note: optional(unicode()) } });`,
);

/** No server listens at this address, so a call that gets as far as connecting exits with 1. */
const NOWHERE = "tcp://127.0.0.1:1";

describe("an argument that cannot be sent is reported before the client connects", () => {
  test.each([
    [
      "a required argument is missing",
      ["a=1", "--schema", schema],
      'Sum: the argument "b" is missing (add b=VALUE)',
    ],
    [
      "a required argument is null",
      ["a=1", "b:=null", "--schema", schema],
      'Sum: the argument "b" is missing',
    ],
    [
      "a value is too long for its field",
      ["a=1", "b=2", `note=@${written("long", "x".repeat(70_000))}`, "--schema", schema],
      "Sum: note: the value is 70000 bytes long, over the wire's limit of 65535",
    ],
    [
      "a value is too long",
      [`a=@${written("longer", "é".repeat(40_000))}`],
      "the value of a is 80000 bytes long",
    ],
    ["a name is too long", [`${"k".repeat(300)}=1`], "a key is 300 bytes long, over the wire's limit of 255"],
    [
      "two arguments read standard input",
      ["a=@-", "b:=@-"],
      "standard input can be the value of one argument only",
    ],
    [
      "_ask is a key of AMP",
      ["_ask=1"],
      "an argument cannot have the name _ask (AMP uses this key for itself)",
    ],
    ["_answer is a key of AMP", ["_answer:=1"], "an argument cannot have the name _answer"],
    ["_error is a key of AMP", ["_error=1"], "an argument cannot have the name _error"],
    ["_command is a key of AMP", ["_command=X"], "an argument cannot have the name _command"],
  ])("%s", async (_, args, message) => {
    const run = args.includes("--schema") ? runCommand : runHere;
    const { code, out, err } = await run(["call", NOWHERE, "Sum", ...args]);
    expect({ code, out, err }).toEqual({
      code: 2,
      out: "",
      err: expect.stringContaining(`ampwire: ${message}`),
    });
  });

  test("the JSON of an error contains the code of the limit", async () => {
    const { err } = await runHere(["call", NOWHERE, "Sum", `${"k".repeat(300)}=1`, "--json"]);
    expect(JSON.parse(err).error.code).toBe("TOO_LONG");
  });

  test("optional arguments may be absent", async () => {
    const { code, err } = await runCommand(["call", NOWHERE, "Sum", "a=1", "b=2", "--schema", schema]);
    expect(code).toBe(1);
    expect(err).toContain("ECONNREFUSED");
  });
});

describe("JSON of the command line", () => {
  test("a text of ten million characters is read", () => {
    const text = `"${'x1\\"'.repeat(2_500_000)}"`;
    expect(parseArg(`a:=${text}`)).toEqual({ name: "a", json: 'x1"'.repeat(2_500_000) });
  });

  test("a rounded integer after a text with escaped quotes is refused", () => {
    expect(() => parseArg('a:=["\\\\", 9007199254740993]')).toThrow("9007199254740993 has too many digits");
    expect(() => parseArg('a:=["\\\\\\"", 9007199254740993]')).toThrow(UsageError);
  });

  test("the error shows the beginning of an integer with many digits", () => {
    expect(() => parseArg(`a:=${"7".repeat(100_000)}`)).toThrow(
      /^a: 7{40}… \(100000 characters\) has too many/,
    );
  });

  test("an integer with an exponent is sent as its digits", () => {
    const sent = untypedBox(parseArgs(["a:=1e21", "b:=-1e2", "c:=1.5e-7"]));
    expect(["a", "b", "c"].map((name) => sent.text(name))).toEqual([
      "1000000000000000000000",
      "-100",
      "1.5e-07",
    ]);
    const Big = command("Big", { arguments: { a: unicode(), b: integer() } });
    expect(typedValues(Big, parseArgs(["a:=1e21", "b:=1e2"]))).toEqual({
      a: "1000000000000000000000",
      b: 100,
    });
  });
});

describe("a date of the command line", () => {
  const At = command("At", { arguments: { at: optional(dateTime()) } });
  const at = (text: string) => String(typedValues(At, [parseArg(text)]).at).replace(/\[.*/, "");

  test.each([
    ["2024-01-31T12:00:00+01:00", "2024-01-31T12:00:00+01:00"],
    ["2024-01-31T12:00:00Z", "2024-01-31T12:00:00+00:00"],
    ["2024-01-31 12:00z", "2024-01-31T12:00:00+00:00"],
    ["2024-01-31T12:00-05:30", "2024-01-31T12:00:00-05:30"],
    ["2024-01-31T12:00:00.5+01:00", "2024-01-31T12:00:00.5+01:00"],
    ["2024-01-31T12:00:00.123456000Z", "2024-01-31T12:00:00.123456+00:00"],
    ["2024-01-31T12:00:00.000001+01:00", "2024-01-31T12:00:00.000001+01:00"],
  ])("%s", (text, value) => {
    expect(at(`at=${text}`)).toBe(value);
    expect(at(`at:="${text}"`)).toBe(value);
  });

  test.each([
    "now",
    "2024-01-31",
    "2024-01-31T12:00:00",
    "2024-02-30T12:00:00Z",
    "2024-01-31T12:00:00.1234567Z",
  ])("%s is a usage error that shows a date", (text) => {
    expect(() => at(`at=${text}`)).toThrow(
      expect.objectContaining({ hint: "its type is DateTime, for example at=2024-01-31T12:00:00+01:00" }),
    );
  });
});
