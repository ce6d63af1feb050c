/** Finds the byte at which a stream stops being AMP, and guesses the protocol that follows. */
import { keyToText } from "../../core/wire/key-text.ts";

export interface Diagnosis {
  /** Offset from the beginning of the stream. */
  readonly offset: number;
  readonly message: string;
  readonly hint: string | undefined;
  /** True if a TLS record begins at `offset`. */
  readonly tls: boolean;
}

/**
 * @param rest the bytes from the beginning of an incomplete or malformed box
 * @param start the offset of `rest` in the stream
 * @returns undefined if the stream ends between two boxes
 */
export function diagnose(rest: Uint8Array, start: number): Diagnosis | undefined {
  if (rest.length === 0) return undefined;
  const keys: string[] = [];
  const inBox = () => (keys.length === 0 ? "" : `, in the box from byte ${start} on, after ${keyList(keys)}`);
  for (let at = 0; ; ) {
    if (rest[at] !== undefined && rest[at] !== 0) return notAMP(rest.subarray(at), start + at, inBox());
    const keyStart = at + 2;
    const keyEnd = keyStart + (rest[at + 1] ?? 0);
    const name = keyToText(rest.subarray(keyStart, keyEnd));
    if (keyStart > rest.length)
      return cutOff("the length of a key", 2, rest.length - at, start + at, inBox());
    if (keyEnd > rest.length)
      return cutOff("a key", keyEnd - keyStart, rest.length - keyStart, start + keyStart, inBox());
    if (keyEnd === keyStart) return undefined; // a complete box, which the caller has not read yet
    const valueStart = keyEnd + 2;
    if (valueStart > rest.length) {
      return cutOff(`the length of ${name}`, 2, rest.length - keyEnd, start + keyEnd, inBox());
    }
    const length = ((rest[keyEnd] ?? 0) << 8) | (rest[keyEnd + 1] ?? 0);
    if (valueStart + length > rest.length) {
      return cutOff(`the value of ${name}`, length, rest.length - valueStart, start + valueStart, inBox());
    }
    keys.push(name);
    at = valueStart + length;
  }
}

/** Number of keys that a diagnosis names. */
const MAX_KEYS = 10;

/** Lists the last keys of a box. */
function keyList(keys: readonly string[]): string {
  const shown = keys.slice(-MAX_KEYS).join(", ");
  return keys.length > MAX_KEYS ? `${keys.length - MAX_KEYS} keys, ${shown}` : shown;
}

function notAMP(bytes: Uint8Array, offset: number, inBox: string): Diagnosis {
  const seen = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const tls = bytes[0] === 0x16 && bytes[1] === 3;
  const message = `not AMP at byte ${offset}${inBox}: the length of a key begins with 00, found ${seen}`;
  return {
    offset,
    message,
    hint: tls ? "TLS record: the stream is encrypted from here on" : looksLike(bytes),
    tls,
  };
}

function cutOff(what: string, length: number, here: number, offset: number, inBox: string): Diagnosis {
  const end = offset + here;
  const message = `cut off at byte ${end}: ${here} of the ${length} bytes of ${what} received${inBox}`;
  return { offset: end, message, hint: "check that the capture is complete", tls: false };
}

const MAGIC: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:\xd4\xc3\xb2\xa1|\xa1\xb2\xc3\xd4|\x4d\x3c\xb2\xa1|\xa1\xb2\x3c\x4d|\n\r\r\n)/,
    "capture file; use --pcap",
  ],
  [/^(?:GET|POST|PUT|HEAD|OPTIONS|CONNECT|HTTP\/1\.\d) /, "HTTP"],
  [/^SSH-/, "SSH"],
  [/^[\da-f\s:]{8}/i, "hex digits; use --hex"],
];

function looksLike(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes.subarray(0, 16)).toString("latin1");
  return MAGIC.find(([pattern]) => pattern.test(text))?.[1];
}
