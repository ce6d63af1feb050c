/**
 * Checks of what a program passes as a codec, and of codecs that were spread and overridden.
 *
 * A codec has two functions for each direction: `encode` and `write` (or `toBox`), `decode` and `read` (or `fromBox`). A
 * box uses only one of them. `{ ...integer(), decode }` would keep the `read` of `integer()`, and `decode` would be ignored. So
 * the library registers which functions of its codecs belong together.
 */
import { sharedByCopies } from "../errors/brand.ts";
import { InvalidSignature } from "../errors/caller.ts";
import { wrongType } from "../wire/value-text.ts";

/** A function of a codec. Only its identity matters. */
type CodecFunction = object;

/**
 * For each function of a codec of the library, one function that stands for all of its direction. A command of one copy of the
 * package may have a codec of another.
 */
const groups = sharedByCopies("codecs", () => new WeakMap<CodecFunction, CodecFunction>());

/** Registers that `other` belongs to `first` and to its group. */
export function registerFunctions(first: CodecFunction, other: CodecFunction): void {
  const group = groups.get(first) ?? first;
  groups.set(first, group).set(other, group);
}

/**
 * Returns true if a program has overridden `encode` or `decode`, and not the other function of the same direction.
 * @param plain `encode` or `decode`
 * @param direct `write` or `read`, `toBox` or `fromBox`
 */
export function isOverridden(plain: CodecFunction, direct: CodecFunction): boolean {
  return !groups.has(plain) && groups.has(direct);
}

/**
 * Returns true if two functions of one direction belong together, or are both a program's own.
 * @throws InvalidSignature if they belong to two different codecs of the library
 */
export function belongTogether(plain: CodecFunction, direct: CodecFunction): boolean {
  const group = groups.get(plain);
  const other = groups.get(direct);
  if (group !== undefined && other !== undefined && group !== other)
    throw new InvalidSignature("the functions of two codecs are mixed");
  return group === other;
}

/** @throws InvalidSignature for a value that is not a codec, which a JavaScript program may pass */
export function checkCodec(value: unknown): asserts value is object {
  const codec: { encode?: unknown; decode?: unknown; toBox?: unknown; fromBox?: unknown } = value ?? {};
  const halves = [codec.encode ?? codec.toBox, codec.decode ?? codec.fromBox];
  if (halves.every((half) => typeof half === "function")) return;
  throw wrongType("a codec", "an object with encode and decode, for example integer()", value);
}

/**
 * Checks the codec that another codec wraps.
 * @param name the function that creates the other codec
 * @throws InvalidSignature for a value that is not a codec; TypeError for an optional or local one, whose value may be absent
 */
export function checkWrappedCodec(name: string, value: unknown): void {
  checkCodec(value);
  if ("optional" in value && value.optional === true)
    throw new TypeError(`${name}: the codec must not be optional or local: write optional(${name}(codec))`);
}
