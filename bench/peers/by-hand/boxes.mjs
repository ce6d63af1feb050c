/** The bytes of the AMP boxes that the floors send. Made without any code of ampwire. */

/** A tag as long as those of a busy connection. */
export const TAG = "1a2b3";

const DIGITS = Buffer.from("0123456789abcdef");

/** Writes `tag` over a tag with the same number of digits. `end` is the offset after its last digit. */
export function writeTag(bytes, end, tag) {
  for (let at = end - 1, rest = tag; rest > 0; at--, rest >>= 4) bytes[at] = DIGITS[rest & 15];
}

export function boxBytes(fields) {
  const parts = [];
  for (const [key, value] of Object.entries(fields)) {
    parts.push(counted(Buffer.from(key)), counted(Buffer.from(value)));
  }
  parts.push(Buffer.alloc(2));
  return Buffer.concat(parts);
}

function counted(bytes) {
  return Buffer.concat([Buffer.from([bytes.length >>> 8, bytes.length & 0xff]), bytes]);
}

/**
 * Returns the ask and the answer of a workload with one command, with as many bytes as those of an AMP peer.
 */
export function boxesOf({ kind, bytes, commands }) {
  if (kind === "sum") {
    return {
      ask: boxBytes({ _ask: TAG, _command: "Sum", a: "13", b: "81" }),
      answer: boxBytes({ _answer: TAG, total: "94" }),
    };
  }
  if (kind === "echo") {
    const data = Buffer.alloc(bytes, 0x61);
    return {
      ask: boxBytes({ _ask: TAG, _command: "Echo", data }),
      answer: boxBytes({ _answer: TAG, data }),
    };
  }
  const [{ name: command, fields }] = commands;
  const values = wireOf(fields, Object.fromEntries(fields.map(({ name, value }) => [name, value])));
  return {
    ask: boxBytes({ _ask: TAG, _command: command, ...values }),
    answer: boxBytes({ _answer: TAG, ...values }),
  };
}

/** Encoders by type: see `workloads/fields.mjs`. */
const WIRE = {
  integer: String,
  float: String,
  boolean: (value) => (value ? "True" : "False"),
  unicode: (value) => value,
  bytes: (value) => value,
  decimal: (value) => value,
  dateTime: (value) => value,
  integers: (value) => Buffer.concat(value.map((item) => counted(Buffer.from(String(item))))),
  rows: (value, { of }) => Buffer.concat(value.map((row) => boxBytes(wireOf(of, row)))),
};

function wireOf(fields, values) {
  return Object.fromEntries(fields.map((field) => [field.name, WIRE[field.type](values[field.name], field)]));
}
