/** Values that may be null. */

import { type Argument, asInPlace } from "../schema/argument.ts";
import { checkWrappedCodec } from "../schema/check-codec.ts";
import { type BoxArgument, isBoxArgument } from "../schema/field.ts";
import { boxArgument } from "../schema/spread-fields.ts";

/** Argument that may be null. Created with `nullable(...)`. */
export interface NullableArgument<T, I = T> extends BoxArgument<T | null, I | null> {
  readonly nullable: true;
}

/**
 * Argument that may be null. The wire has no null: the key is absent, as it is in Twisted for `None` of an argument with
 * `optional=True`. In contrast to `optional`, the property must be passed, and is always received.
 *
 * `optional(nullable(codec))` may also be omitted, and is received as null then. An element of a list cannot be null, because
 * it has no key; a field of a row can.
 *
 * @throws TypeError for a codec that is optional or local; InvalidSignature for a value that is not a codec
 */
export function nullable<T, I = T>(argument: Argument<T, I>): NullableArgument<T, I> {
  checkWrappedCodec("nullable", argument);
  const inner = asInPlace(argument);
  const spread = isBoxArgument(argument) ? argument : undefined;
  const codec: Omit<NullableArgument<T, I>, "spreadPath"> = {
    description: argument.description,
    nullable: true,
    encode(value) {
      if (value === null)
        throw new TypeError(
          "null has no bytes: an element of a list, and a value inside big() or compressed(), cannot be null",
        );
      return inner.encode(value);
    },
    decode: (bytes) => inner.decode(bytes),
    toBox(value, name, box, connection) {
      if (value === null) return;
      if (spread === undefined) box.set(name, inner.encode(value));
      else spread.toBox(value, name, box, connection);
    },
    fromBox(name, box, connection) {
      if (spread !== undefined) return spread.fromBox(name, box, connection) ?? null;
      const bytes = box.get(name);
      return bytes === undefined ? null : inner.decode(bytes);
    },
  };
  return boxArgument(codec) as NullableArgument<T, I>; // boxArgument returns the same object
}
