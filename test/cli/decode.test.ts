/** `ampwire decode` of one direction: boxes with offsets, and the position at which the stream stops being AMP. */
import { writeFileSync } from "node:fs";
import { Box, encodeBox } from "ampwire";
import { describe, expect, test } from "vitest";
import { diagnose } from "../../src/cli/decode/diagnose.ts";
import { fromHex } from "../../src/cli/decode/input.ts";
import { scratchPath } from "../support/tls-side.ts";
import { ampwire } from "./run-command.ts";
import { runHere } from "./run-here.ts";

const ask = encodeBox(new Box({ _ask: "1", _command: "Sum", a: "13", b: "81" }));
const answer = encodeBox(new Box({ _answer: "1", total: "94" }));
const failed = encodeBox(new Box({ _error: "2", _error_code: "ZERO", _error_description: "by zero" }));
const stream = Buffer.concat([ask, answer, failed]);

/** Decodes standard input in a process of its own. */
const decodeInput = (input: Uint8Array | string, flags = "") =>
  ampwire(`decode${flags && ` ${flags}`}`, { input });

/** Decodes a file in this process, which saves the start of a process. */
function decode(input: Uint8Array | string, flags = "") {
  const file = scratchPath("boxes");
  writeFileSync(file, input);
  return runHere(["decode", ...(flags === "" ? [] : [flags]), file].join(" "));
}

describe("ampwire decode", () => {
  test("decode prints each box with its offset", async () => {
    expect(await decodeInput(stream)).toEqual({
      code: 0,
      out: "@0 asks Sum [1] a=13 b=81\n@40 answers an ask [1] total=94\n@65 fails an ask [2] ZERO: by zero\n",
      err: "",
    });
  });

  test("decode prints JSON with all values", async () => {
    const { out } = await decode(
      Buffer.concat([ask, encodeBox(new Box({ raw: Uint8Array.of(0, 255) }))]),
      "--json",
    );
    expect(
      out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      {
        offset: 0,
        length: 40,
        box: { _ask: "1", _command: "Sum", a: "13", b: "81" },
        kind: "ask",
        command: "Sum",
      },
      { offset: 40, length: 11, box: { raw: { hex: "00ff" } }, kind: "stray" },
    ]);
  });

  test("decode reports the keys that a box repeats, with the value that counts", async () => {
    const twice = Buffer.concat([
      ask.subarray(0, -2),
      ask.subarray(-16, -2),
      Buffer.of(0, 1, 98, 0, 1, 57, 0, 0),
    ]);
    expect((await decode(twice)).out).toBe("@0 asks Sum [1] a=13 b=9 (repeated: a, b)\n");
    expect(JSON.parse((await decode(twice, "--json")).out)).toMatchObject({
      box: { a: "13", b: "9" },
      repeated: ["a", "b"],
    });
    expect(JSON.parse((await decode(ask, "--json")).out)).not.toHaveProperty("repeated");
  });

  test("decode reads the values of asks by a schema", async () => {
    const { out } = await decodeInput(ask, "--json --schema test/support/commands.ts");
    expect(JSON.parse(out).values).toEqual({ a: "13", b: "81" });
  });

  test("decode reports why a box does not fit the schema", async () => {
    const wrong = encodeBox(new Box({ _ask: "1", _command: "Sum", a: "13", b: "x\u001b[2J" }));
    const schema = "--schema test/support/commands.ts";
    const reason = 'argument of Sum: "b": not an integer: "x\\u001b[2J"';
    expect((await decodeInput(wrong, schema)).out).toBe(
      `@0 asks Sum [1] a=13 b=0x781b5b324a (does not fit the schema: ${reason})\n`,
    );
    const line = JSON.parse((await decodeInput(wrong, `--json ${schema}`)).out);
    expect(line).toMatchObject({ box: { a: "13" }, mismatch: reason });
    expect(line).not.toHaveProperty("values");
  });

  test("decode reports nothing for a descriptor, which is not in the bytes", async () => {
    const file = scratchPath("descriptors.mjs");
    writeFileSync(
      file,
      `import { command } from "ampwire"; import { descriptor } from "ampwire/node";
      export const Sum = command("Sum", { arguments: { a: descriptor() } });`,
    );
    expect((await decodeInput(ask, `--schema ${file}`)).out).toBe("@0 asks Sum [1] a=13 b=81\n");
  });

  test.each(["0004005f", "0x00,0x04,0x00,0x5f", "\\x00\\x04\\x00\\x5f"])(
    "decode reads hex as it arrives, without white space: %s",
    async (hex) => {
      let given = 0;
      async function* characters() {
        for (const character of hex) {
          given++;
          yield Buffer.from(character);
        }
      }
      const bytes: [value: number, given: number][] = [];
      for await (const chunk of fromHex(characters())) for (const value of chunk) bytes.push([value, given]);
      expect(bytes.map(([value]) => value)).toEqual([0, 4, 0, 0x5f]);
      expect(bytes[1]?.[1]).toBeLessThan(hex.length);
    },
  );

  test("decode reads hex in any layout", async () => {
    const hex = Buffer.from(ask).toString("hex");
    const pairs = hex.match(/../g) ?? [];
    for (const text of [
      hex,
      pairs.join(" "),
      pairs.join(":"),
      `${pairs.slice(0, 7).join(" ")}\n${pairs.slice(7).join("\n")}\n`,
    ]) {
      expect((await decode(text, "--hex")).out).toBe("@0 asks Sum [1] a=13 b=81\n");
    }
    expect((await decode("00 04\n5f 6z", "--hex")).err).toMatch(
      /^ampwire: line 2 is not hex: it contains "z"/,
    );
    expect((await decode("000", "--hex")).err).toMatch(/^ampwire: the hex ends with half a byte/);
  });

  test("decode prints the boxes, then the position and reason of the first byte that is not AMP", async () => {
    const { code, out, err } = await decode(Buffer.concat([ask, Buffer.from("GET / HTTP/1.1\r\n")]));
    expect({ code, out }).toEqual({ code: 1, out: "@0 asks Sum [1] a=13 b=81\n" });
    expect(err).toBe(
      "ampwire: not AMP at byte 40: the length of a key begins with 00, found 47 45 54 20 2f 20 48 54 (HTTP)\n",
    );
    const json = JSON.parse((await decode("hello", "--json")).err);
    expect(json.error).toMatchObject({ code: "NOT_AMP" });
  });

  test("decode prints 60,000 boxes of one stream", async () => {
    const many = Buffer.concat(Array.from({ length: 20_000 }, () => stream));
    const { code, out } = await decodeInput(many);
    expect(code).toBe(0);
    const lines = out.trimEnd().split("\n");
    expect(lines.length).toBe(60_000);
    expect(lines.at(-1)).toMatch(`@${many.length - failed.length} fails`);
  });

  test("decode of a missing file is a usage error", async () => {
    const { code, err } = await runHere("decode nowhere");
    expect(code).toBe(2);
    expect(err).toMatch(/^ampwire: cannot read nowhere: ENOENT.* \(check the path\)$/m);
  });
});

describe("a diagnosis", () => {
  test.each([
    [1, "1 of the 2 bytes of the length of a key"],
    [2, "0 of the 4 bytes of a key"],
    [5, "3 of the 4 bytes of a key"],
    [6, "0 of the 2 bytes of the length of _ask"],
    [7, "1 of the 2 bytes of the length of _ask"],
    [8, "0 of the 1 bytes of the value of _ask"],
    [9, "0 of the 2 bytes of the length of a key"],
    [20, "1 of the 2 bytes of the length of _command"],
    [39, "1 of the 2 bytes of the length of a key"],
  ])("the diagnosis of a box cut off after %i bytes names the missing part", (length, what) => {
    const found = diagnose(ask.subarray(0, length), 1000);
    expect(found?.offset).toBe(1000 + length);
    expect(found?.message).toContain(`cut off at byte ${1000 + length}: ${what} received`);
  });

  test("an empty rest has no diagnosis", () => {
    expect(diagnose(new Uint8Array(0), 1000)).toBeUndefined();
  });

  test("the diagnosis names the key whose value is cut off, and the box", () => {
    expect(diagnose(ask.subarray(0, 34), 40)?.message).toBe(
      "cut off at byte 74: 0 of the 2 bytes of the length of b received, in the box from byte 40 on, after _ask, _command, a",
    );
    const inValue = diagnose(answer.subarray(0, 22), 0);
    expect(inValue?.message).toBe(
      "cut off at byte 22: 1 of the 2 bytes of the value of total received, in the box from byte 0 on, after _answer",
    );
  });

  test("the diagnosis shows the characters of a key", () => {
    const cut = Buffer.from("000967726fcc886573736500050102", "hex");
    expect(diagnose(cut, 0)?.message).toContain("2 of the 5 bytes of the value of gro\u0308esse received");
  });

  test("the diagnosis recognises a TLS record", () => {
    const found = diagnose(Uint8Array.of(0x16, 3, 1, 2, 0), 80);
    expect(found).toMatchObject({
      offset: 80,
      tls: true,
      hint: "TLS record: the stream is encrypted from here on",
    });
  });

  test("the diagnosis of garbage inside a box names the box and its valid keys", () => {
    const broken = Buffer.concat([ask.subarray(0, ask.length - 2), Uint8Array.of(1, 2)]);
    expect(diagnose(broken, 0)).toMatchObject({
      offset: 38,
      message:
        "not AMP at byte 38, in the box from byte 0 on, after _ask, _command, a, b: the length of a key begins with 00, found 01 02",
    });
  });
});
