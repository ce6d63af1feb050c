import { Box, encodeBox } from "ampwire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { frameOfBytes } from "../../../src/core/wire/frame-of.ts";
import type { ProtocolFields } from "../../../src/core/wire/protocol-keys.ts";
import { BoxReader } from "../../../src/core/wire/reader.ts";

const NONE = { ask: -1, answer: -1, command: -1, error: -1 };

function noted({ ask, answer, command, error }: ProtocolFields) {
  return { ask, answer, command, error };
}

test("the reader notes the positions of protocol keys among others", () => {
  const box = new Box({
    A: "",
    _ask: "",
    _answer: "",
    _command: "",
    _error: "",
    _error_code: "",
    _x: "",
    z: "",
  });
  expect(noted(frameOfBytes(encodeBox(box)))).toEqual({ ask: 2, answer: 1, command: 3, error: 4 });
});

test("a key that differs from a protocol key in one byte is not noted", () => {
  for (const key of ["_ask", "_answer", "_command", "_error"]) {
    for (let at = 0; at < key.length; at++) {
      const other = `${key.slice(0, at)}!${key.slice(at + 1)}`;
      expect(noted(frameOfBytes(encodeBox(new Box({ [other]: "1" }))))).toEqual(NONE);
    }
    expect(noted(frameOfBytes(encodeBox(new Box({ [`${key}!`]: "1" }))))).toEqual(NONE);
  }
});

test("the reader forgets protocol keys at the next box, and keeps them while a box arrives byte by byte", () => {
  const reader = new BoxReader();
  reader.push(encodeBox(new Box({ _ask: "", _command: "" })));
  expect(noted(reader.nextFrame() as ProtocolFields)).toEqual({ ...NONE, ask: 0, command: 1 });
  const bytes = encodeBox(new Box({ Z: "", _answer: "1", a: "" }));
  for (const byte of bytes) reader.push(Uint8Array.of(byte));
  expect(noted(reader.nextFrame() as ProtocolFields)).toEqual({ ...NONE, answer: 1 });
  for (const byte of encodeBox(new Box({ Z: "" }))) reader.push(Uint8Array.of(byte));
  expect(noted(reader.nextFrame() as ProtocolFields)).toEqual(NONE);
});

test("the reader notes protocol keys out of order, and the last of two equal ones", () => {
  const unsorted = Buffer.from("0001610000" + "00045f61736b000131" + "00045f61736b000132" + "0000", "hex");
  expect(noted(frameOfBytes(unsorted))).toEqual({ ...NONE, ask: 2 });
});

test("the reader notes the last of each protocol key among any keys and in any chunks", () => {
  const key = fc.oneof(
    fc.constantFrom("_ask", "_answer", "_command", "_error", "_error_code", "_asK", "_askk", "_", "A", "a"),
    fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 9 }).map((text) => `_${text}`),
  );
  fc.assert(
    fc.property(fc.array(key, { maxLength: 8 }), fc.integer({ min: 1, max: 40 }), (keys, size) => {
      const header = (text: string) => [0, text.length, ...Buffer.from(text, "latin1")];
      const bytes = Uint8Array.from([...keys.flatMap((name) => [...header(name), 0, 1, 0x5f]), 0, 0]);
      const reader = new BoxReader();
      for (let at = 0; at < bytes.length; at += size) reader.push(bytes.slice(at, at + size));
      const frame = reader.nextFrame();
      expect(frame && noted(frame)).toEqual({
        ask: keys.lastIndexOf("_ask"),
        answer: keys.lastIndexOf("_answer"),
        command: keys.lastIndexOf("_command"),
        error: keys.lastIndexOf("_error"),
      });
      expect(frame?.ascending).toBe(
        keys.every((name, index) => index === 0 || name > (keys[index - 1] ?? "")),
      );
    }),
  );
});
