/** Text of any length, split over several keys. */
import { utf8Encoder } from "../platform.ts";
import type { BoxArgument } from "../schema/field.ts";
import { type SplitOptions, spreadValue } from "./split-value.ts";
import { checkText, readText } from "./unicode.ts";

/**
 * Text whose UTF-8 may be longer than one value of 65535 bytes. Everything that `bigBytes` documents applies to it too. A
 * character may be split over two pieces, because the pieces are joined before they are decoded.
 *
 * @throws TypeError when encoding a value that is not well-formed text
 * @throws TooLong over `maxBytes`, in both directions
 * @throws SyntaxError when decoding if a piece between others is missing, or if the whole is not UTF-8
 */
export function bigUnicode(options?: SplitOptions): BoxArgument<string> {
  const decode = (bytes: Uint8Array) => readText(bytes, 0, bytes.length);
  return spreadValue({ description: { type: "BigUnicode" }, encode, decode }, options);
}

function encode(value: string): Uint8Array {
  checkText(value);
  return utf8Encoder.encode(value);
}
