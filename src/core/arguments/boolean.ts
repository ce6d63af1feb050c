/** AMP's Boolean. */

import { type InPlaceArgument, inPlaceArgument } from "../schema/argument.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { shownBytes, shownValue } from "../wire/value-text.ts";

const TRUE = Uint8Array.from([0x54, 0x72, 0x75, 0x65]);
const FALSE = Uint8Array.from([0x46, 0x61, 0x6c, 0x73, 0x65]);

/**
 * AMP's Boolean (Twisted's `amp.Boolean`): `True` or `False` on the wire. No other text is accepted. Only `true` and `false`
 * can be sent; Twisted converts any value to a boolean.
 *
 * @throws TypeError when encoding a value that is not a boolean
 * @throws SyntaxError when decoding
 */
export function boolean(): InPlaceArgument<boolean> {
  return inPlaceArgument({ write: writeBoolean, read }, { type: "Boolean" });
}

export function writeBoolean(value: boolean, out: ByteWriter): void {
  if (typeof value !== "boolean") throw new TypeError(`true or false is needed, not ${shownValue(value)}`);
  out.append(value ? TRUE : FALSE);
}

function read(bytes: Uint8Array, start: number, end: number): boolean {
  if (isAt(bytes, start, end, TRUE)) return true;
  if (isAt(bytes, start, end, FALSE)) return false;
  throw new SyntaxError(`not a boolean (True or False): ${shownBytes(bytes, start, end)}`);
}

function isAt(bytes: Uint8Array, start: number, end: number, word: Uint8Array): boolean {
  if (end - start !== word.length) return false;
  for (let i = 0; i < word.length; i++) if (bytes[start + i] !== word[i]) return false;
  return true;
}
