/** Arguments that may be absent. */

import { type Argument, asInPlace, type InPlaceArgument, type OptionalArgument } from "../schema/argument.ts";
import { registerFunctions } from "../schema/check-codec.ts";
import { type BoxArgument, isBoxArgument, isLocal } from "../schema/field.ts";

/**
 * Argument whose key may be absent. If a caller omits the value or passes `undefined`, the responder gets no such property.
 * This is `optional=True` in Twisted, where an absent value is `None`. A `local()` argument is optional already: it is returned
 * unchanged.
 * @throws InvalidSignature for a value that is not a codec
 */
export function optional<T, I = T>(argument: Argument<T, I>): OptionalArgument<T, I> {
  if (isLocal(argument)) return argument as typeof argument & { optional: true }; // a LocalArgument
  const inner = asInPlace(argument);
  // Wrapped, not copied with `...`: a codec of a program may be an instance of a class, with methods on the prototype.
  const wrapped: OptionalArgument<T, I> & InPlaceArgument<T, I> = {
    description: argument.description,
    optional: true,
    encode: (value) => inner.encode(value),
    decode: (bytes) => inner.decode(bytes),
    write: (value, out) => inner.write(value, out),
    read: (bytes, start, end) => inner.read(bytes, start, end),
  };
  registerFunctions(wrapped.write, wrapped.encode);
  registerFunctions(wrapped.read, wrapped.decode);
  if (!isBoxArgument(argument)) return wrapped;
  argument.spreadPath.check(argument);
  const spread: OptionalArgument<T, I> & BoxArgument<T, I> = {
    ...wrapped,
    spreadPath: argument.spreadPath,
    toBox: (value, name, box, connection) => argument.toBox(value, name, box, connection),
    fromBox: (name, box, connection) => argument.fromBox(name, box, connection),
  };
  registerFunctions(wrapped.write, spread.toBox);
  registerFunctions(wrapped.read, spread.fromBox);
  return spread;
}
