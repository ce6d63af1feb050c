/** Text of any length, over as many keys as it needs. */
import { utf8Encoder } from "../platform.ts";
import type { BoxArgument } from "../schema/field.ts";
import { type SplitOptions, spreadValue } from "./split-value.ts";
import { checkText, readText } from "./unicode.ts";

/**
 * Text whose UTF-8 may be longer than the 65535 bytes of one value; see `bigBytes`, which it is like in everything
 * else. A cut may fall inside a character: the pieces are joined before they are decoded.
 *
 * @throws TypeError when encoding what is not well-formed text
 * @throws TooLong over `maxBytes`, in both directions
 * @throws SyntaxError when a piece is missing between others, or the whole is not UTF-8
 */
export function bigUnicode(options?: SplitOptions): BoxArgument<string> {
  const decode = (bytes: Uint8Array) => readText(bytes, 0, bytes.length);
  return spreadValue({ description: { type: "BigUnicode" }, encode, decode }, options);
}

function encode(value: string): Uint8Array {
  checkText(value);
  return utf8Encoder.encode(value);
}
