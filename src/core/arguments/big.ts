/** A value of any codec, split over several keys. */

import { type Argument, asInPlace } from "../schema/argument.ts";
import { checkWrappedCodec } from "../schema/check-codec.ts";
import type { BoxArgument } from "../schema/field.ts";
import { type SplitOptions, spreadValue } from "./split-value.ts";

/**
 * A value of any codec whose bytes may exceed one value of 65535 bytes: rows, a list, JSON, or a codec of the program. The
 * bytes of the codec are compressed if `options.compression` is set, and split into pieces under the keys `name`, `name.2`,
 * `name.3`, ... of one box; `options.layout` selects other keys. This is not part of AMP or Twisted: both ends must use the same
 * options.
 *
 * The whole box counts against `maxBoxBytes` of the receiving connection, 1 MiB by default: raise it there for larger values.
 * The codec's own limits remain: an element of a list has at most 65535 bytes.
 *
 * @throws TypeError for a codec that is optional or local; InvalidSignature for a value that is not a codec
 * @throws TooLong over `maxBytes`, in both directions
 * @throws SyntaxError when decoding if a piece between others is missing
 */
export function big<T, I = T>(codec: Argument<T, I>, options?: SplitOptions): BoxArgument<T, I> {
  checkWrappedCodec("big", codec);
  const { encode, decode } = asInPlace(codec);
  return spreadValue({ encode, decode }, options);
}
