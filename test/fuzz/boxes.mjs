/** Streams of boxes, some of them invalid, as a malicious or faulty peer sends them. */
import { ANSWER, ASK, Box, COMMAND, ERROR, ERROR_CODE, ERROR_DESCRIPTION, encodeBox } from "ampwire";
import * as fc from "fast-check";

/** Keys that determine the kind of a box. */
export const PROTOCOL_KEYS = [ASK, COMMAND, ANSWER, ERROR, ERROR_CODE, ERROR_DESCRIPTION];

const KEYS = [...PROTOCOL_KEYS, "a", "b", "value", "text"];
const VALUES = [
  "",
  "1",
  "2",
  "3",
  "4",
  "ff",
  "x",
  "Sum",
  "Mark",
  "Boom",
  "Late",
  "Raw",
  "StartTLS",
  "Switch",
  "7",
  "-1",
  "é",
];

const key = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...KEYS) },
  fc.string({ minLength: 1, maxLength: 12 }),
);
const value = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...VALUES).map((text) => Buffer.from(text)) },
  fc.uint8Array({ maxLength: 40 }),
  fc.constantFrom(200, 255, 256, 300).map((length) => new Uint8Array(length).fill(0x61)),
);

/** Box of any keys and values. */
const anyBox = fc
  .array(fc.tuple(key, value), { minLength: 1, maxLength: 6 })
  .map((entries) => encode(entries));

/** Fields of a valid box. */
const sensible = fc.oneof(
  fc.record(
    { _command: fc.constantFrom("Mark", "Boom", "Late", "Raw", "Sum"), _ask: tag(), text: text() },
    {
      requiredKeys: ["_command"],
    },
  ),
  fc.record({ _answer: fc.constantFrom("1", "2", "3", "4"), text: text() }),
  fc.record({ _error: fc.constantFrom("1", "2", "3"), _error_code: text(), _error_description: text() }),
  fc.record({ _command: fc.constantFrom("StartTLS", "Switch"), _ask: tag() }),
);

function tag() {
  return fc.constantFrom("1", "2", "3", "a", "");
}

function text() {
  return fc.constantFrom("one", "two", "é", "");
}

function encode(entries) {
  try {
    return encodeBox(new Box(entries));
  } catch {
    return Uint8Array.of(0, 1, 0x6b, 0, 0, 0, 0); // replaces a box with an invalid key
  }
}

/** Returns streams of several boxes in which some bytes may be changed, missing or added. */
export function streamOf(box) {
  return fc
    .tuple(
      fc.array(box, { minLength: 1, maxLength: 8 }),
      fc.array(fc.tuple(fc.nat(), fc.nat(2), fc.nat(255)), { maxLength: 2 }),
      fc.boolean(),
    )
    .map(([boxes, changes, broken]) => {
      const bytes = Array.from(Buffer.concat(boxes));
      for (const [at, kind, byte] of broken ? changes : [])
        bytes.splice(at % (bytes.length + 1), [1, 0, 1][kind], ...[[byte], [byte], []][kind]);
      return Uint8Array.from(bytes);
    });
}

export const stream = streamOf(
  fc.oneof(
    anyBox,
    sensible.map((fields) => encode(Object.entries(fields))),
  ),
);
