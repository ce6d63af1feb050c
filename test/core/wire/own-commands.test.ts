import { describe, expect, test } from "vitest";
import { Box } from "../../../src/core/wire/box.ts";
import { writeBox } from "../../../src/core/wire/box-writer.ts";
import { ByteWriter, LENT_BYTES } from "../../../src/core/wire/byte-writer.ts";
import { frameOfBox, frameOfBytes } from "../../../src/core/wire/frame-of.ts";
import {
  addShownKey,
  isGoAway,
  reasonOfGoAway,
  SHOWN_KEY,
  takeShownKey,
} from "../../../src/core/wire/own-commands.ts";

const text = (...parts: Uint8Array[]): string => Buffer.concat(parts).toString("latin1");

describe("the key of an end that knows GoAway", () => {
  test("addShownKey() adds the key to the last box, after its other keys", () => {
    const out = new ByteWriter(1);
    writeBox(out, new Box({ a: "1" }));
    writeBox(out, new Box({ b: "2" }));
    addShownKey(out);
    expect(text(out.copy())).toBe("\0\x01a\0\x011\0\0\0\x01b\0\x012\0\x0a_m.ampwire\0\x011\0\0");
  });

  test("addShownKey() keeps a value that is attached at the end of the box", () => {
    const out = new ByteWriter();
    out.lends = true;
    writeBox(out, new Box({ a: new Uint8Array(LENT_BYTES) }));
    addShownKey(out);
    const frame = frameOfBytes(Buffer.concat(out.parts()));
    expect(frame.toBox()).toEqual(new Box({ a: new Uint8Array(LENT_BYTES), [SHOWN_KEY]: "1" }));
  });

  test.each<[string, Record<string, string>, boolean, string[]]>([
    ["the only key", { [SHOWN_KEY]: "1" }, true, []],
    ["the last key", { _ask: "1", [SHOWN_KEY]: "1" }, true, ["_ask"]],
    ["before other keys", { [SHOWN_KEY]: "1", a: "1" }, true, [SHOWN_KEY, "a"]],
    ["absent", { _ask: "1", a: "1" }, false, ["_ask", "a"]],
    ["absent in an empty box", {}, false, []],
  ])("takeShownKey() finds the key, and removes it if it is the last one: %s", (_, entries, found, left) => {
    const frame = frameOfBox(new Box(entries));
    expect(takeShownKey(frame)).toBe(found);
    expect(frame.count).toBe(left.length);
    expect([...frame.toBox().keys()]).toEqual(left);
  });
});

describe("the ask for GoAway", () => {
  test.each([
    ["ampwire.GoAway", true],
    ["ampwire.GoAwaz", false],
    ["ampwire.GoAway2", false],
    ["ampwire.Go", false],
  ])("isGoAway() compares the whole name: %s", (_command, expected) => {
    expect(isGoAway(frameOfBox(new Box({ _ask: "1", _command })))).toBe(expected);
  });

  test("reasonOfGoAway() returns the reason for the end of a message", () => {
    expect(reasonOfGoAway(frameOfBox(new Box({ _command: "ampwire.GoAway", reason: "é" })))).toBe(": é");
    expect(reasonOfGoAway(frameOfBox(new Box({ reason: "first" })))).toBe(": first");
    expect(reasonOfGoAway(frameOfBox(new Box({ _command: "ampwire.GoAway" })))).toBe("");
  });
});
