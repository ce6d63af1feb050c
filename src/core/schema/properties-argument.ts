/** Arguments that fill several properties, as an `IArgumentType` of Twisted can. */

import { InvalidSignature } from "../errors/caller.ts";
import { wrongType } from "../wire/value-text.ts";
import type { BoxArgument, PropertiesArgument } from "./field.ts";
import { boxArgument } from "./spread-fields.ts";

/**
 * Creates an argument that fills several properties: `{ image: propertiesArgument(["width", "height"], { toBox, fromBox }) }`
 * is a declaration of the properties `width` and `height`, and there is no property `image`.
 *
 * `toBox` gets an object with these properties, of which those that are undefined are absent, and sets the keys. `fromBox` returns
 * such an object, or undefined if a required key is absent. Properties that may be absent are optional in `T`.
 *
 * The argument cannot be an element of a list. `optional(...)` makes one property of it, with the object as its value.
 *
 * @throws InvalidSignature for names that cannot be properties of a command, and for a codec without the two functions
 */
export function propertiesArgument<T extends object, I extends object = T>(
  properties: readonly (keyof T & keyof I & string)[],
  codec: Pick<BoxArgument<T, I>, "toBox" | "fromBox">,
): PropertiesArgument<T, I> {
  if (!Array.isArray(properties)) throw wrongType("propertiesArgument", "an array of names", properties);
  for (const property of properties) {
    // A JavaScript program may pass a value of any type.
    if (typeof property !== "string") throw wrongType("propertiesArgument: each name", "a string", property);
    // Every object inherits such a property, so that its absence could not be seen.
    if (property in Object.prototype)
      throw new InvalidSignature(`${property} cannot be a property of a propertiesArgument`);
  }
  if (typeof codec?.toBox !== "function" || typeof codec.fromBox !== "function")
    throw wrongType("propertiesArgument: the codec", "an object with toBox and fromBox", codec);
  const argument = boxArgument<T, I>({
    encode: never,
    decode: never,
    // Wrapped: the codec may be an instance of a class.
    toBox: (values, name, box, connection) => codec.toBox(values, name, box, connection),
    fromBox: (name, box, connection) => codec.fromBox(name, box, connection),
  });
  return Object.assign(argument, { properties: [...properties] }); // the program may change its array
}

function never(): never {
  throw new TypeError("an argument that fills several properties cannot be an element of a list");
}
