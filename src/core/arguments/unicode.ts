/** AMP's Unicode: text as UTF-8. */

import { LONE_SURROGATE } from "../errors/safe-text.ts";
import { utf8Strict } from "../platform.ts";
import { type InPlaceArgument, inPlaceArgument } from "../schema/argument.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { mediumText } from "../wire/medium-text.ts";
import { appendShortText, shortAscii } from "../wire/short-text.ts";
import { shownBytes, shownValue } from "../wire/value-text.ts";

/** Size up to which `mediumText` is faster than the decoder of the platform. */
const MEDIUM_TEXT_BYTES = 512;

/**
 * AMP's Unicode: text as strict UTF-8, like Twisted's `amp.Unicode`.
 *
 * Accepts any UTF-8, and keeps byte order marks and NUL characters. Rejects invalid UTF-8, overlong forms and encoded
 * surrogates. A string with a lone surrogate cannot be sent, because UTF-8 cannot represent it.
 *
 * @throws TypeError when encoding a value that is not well-formed text
 * @throws SyntaxError when decoding
 */
export function unicode(): InPlaceArgument<string> {
  return inPlaceArgument({ write: writeText, read: readText }, { type: "Unicode" });
}

/** @throws TypeError */
export function writeText(value: string, out: ByteWriter): void {
  if (typeof value === "string" && appendShortText(out, value)) return;
  checkText(value);
  out.utf8(value);
}

/** @throws TypeError */
export function checkText(value: unknown): asserts value is string {
  if (typeof value !== "string") throw new TypeError(`a string is needed, not ${shownValue(value)}`);
  if (LONE_SURROGATE.test(value)) {
    throw new TypeError(`text with a lone surrogate cannot be sent as UTF-8: ${shownValue(value)}`);
  }
}

/** @throws SyntaxError */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  const text = shortAscii(bytes, start, end);
  if (text !== undefined) return text;
  if (end - start <= MEDIUM_TEXT_BYTES) {
    const medium = mediumText(bytes, start, end);
    if (medium !== undefined) return medium;
  }
  try {
    return utf8Strict.decode(bytes.subarray(start, end));
  } catch (cause) {
    throw new SyntaxError(`not UTF-8: ${shownBytes(bytes, start, end)}`, { cause });
  }
}
