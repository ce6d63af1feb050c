import { Box, encodeBox } from "ampwire";
import { expect, test } from "vitest";
import { ProtocolFields } from "../../../src/core/dispatch/protocol-fields.ts";
import { frameOfBytes } from "../../../src/core/wire/frame-of.ts";

function found(bytes: Uint8Array) {
  const fields = new ProtocolFields();
  fields.find(frameOfBytes(bytes));
  const { ask, answer, command, error } = fields;
  return { ask, answer, command, error };
}

test("finds the protocol's keys among others", () => {
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
  expect(found(encodeBox(box))).toEqual({ ask: 2, answer: 1, command: 3, error: 4 });
});

test("tells what is not there, also after a box where it was", () => {
  const fields = new ProtocolFields();
  fields.find(frameOfBytes(encodeBox(new Box({ _ask: "", _command: "" }))));
  fields.find(frameOfBytes(encodeBox(new Box({ Z: "", a: "" }))));
  expect(fields).toMatchObject({ ask: -1, answer: -1, command: -1, error: -1 });
});

test("finds them behind later keys, and the last of two", () => {
  const unsorted = Buffer.from("0001610000" + "00045f61736b000131" + "00045f61736b000132" + "0000", "hex");
  expect(found(unsorted)).toEqual({ ask: 2, answer: -1, command: -1, error: -1 });
});
