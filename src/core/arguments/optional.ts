/** An argument that may be absent. */

import { type Argument, asInPlace, type InPlaceArgument, type OptionalArgument } from "../schema/argument.ts";
import { type BoxArgument, isBoxArgument } from "../schema/field.ts";

/**
 * The key may be absent: a caller may leave the value out (or give `undefined`), and a responder finds no
 * such property then. `optional=True` of Twisted's arguments, where an absent value reads as `None`.
 */
export function optional<T, I = T>(argument: Argument<T, I>): OptionalArgument<T, I> {
  const inner = asInPlace(argument);
  // Wrapped, not copied by `...`: a codec of yours may be an instance whose methods are its class's.
  const wrapped: OptionalArgument<T, I> & InPlaceArgument<T, I> = {
    description: argument.description,
    optional: true,
    encode: (value) => argument.encode(value),
    decode: (bytes) => argument.decode(bytes),
    write: (value, out) => inner.write(value, out),
    read: (bytes, start, end) => inner.read(bytes, start, end),
  };
  if (!isBoxArgument(argument)) return wrapped;
  const spread: OptionalArgument<T, I> & BoxArgument<T, I> = {
    ...wrapped,
    spreadPath: argument.spreadPath,
    toBox: (value, name, box, connection) => argument.toBox(value, name, box, connection),
    fromBox: (name, box, connection) => argument.fromBox(name, box, connection),
  };
  return spread;
}
