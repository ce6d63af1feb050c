/** The bytes of AMP boxes, made with nothing of ampwire: what the floors move. */

/** As long as the tags of a busy connection. */
export const TAG = "1a2b3";

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

/** Ask and answer of a kind of call, byte for byte as long as an AMP peer's. */
export function boxesOf({ kind, bytes }) {
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
  throw new Error(`the floors have no ${kind}`);
}
