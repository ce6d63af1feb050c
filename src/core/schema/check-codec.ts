/**
 * Checks of what a program passes as a codec, and of codecs that were spread and overridden.
 *
 * A codec has two functions for each direction: `encode` and `write` (or `toBox`), `decode` and `read` (or `fromBox`). A
 * box uses only one of them. `{ ...integer(), decode }` would keep the `read` of `integer()`, and `decode` would be ignored. So
 * the library registers which functions of its codecs belong together.
 */
import { InvalidSignature } from "../errors/caller.ts";
import { shownValue } from "../wire/value-text.ts";

/** A function of a codec. Only its identity matters. */
type CodecFunction = object;

interface CodecFunctions {
  readonly encode: CodecFunction;
  readonly decode: CodecFunction;
  readonly write?: CodecFunction | undefined;
  readonly read?: CodecFunction | undefined;
  readonly toBox?: CodecFunction | undefined;
  readonly fromBox?: CodecFunction | undefined;
}

/** For each function of a codec of the library, the function that stands for its direction. */
const groups = new WeakMap<CodecFunction, CodecFunction>();

/** Registers that the functions of this codec belong together. Returns the codec. */
export function registerCodec<C extends CodecFunctions>(codec: C): C {
  const { encode, decode, write, read, toBox, fromBox } = codec;
  register([write, toBox, encode]);
  register([read, fromBox, decode]);
  return codec;
}

function register(functions: readonly (CodecFunction | undefined)[]): void {
  const present = functions.filter((one) => typeof one === "function");
  for (const one of present) groups.set(one, present[0] as CodecFunction);
}

/**
 * Returns the one of two functions of one direction that a program has overridden, or undefined if they belong together.
 * @param plain `encode` or `decode`
 * @param direct `write` or `read`, `toBox` or `fromBox`
 * @throws InvalidSignature if they belong to two different codecs of the library
 */
export function overridden(plain: CodecFunction, direct: CodecFunction): "plain" | "direct" | undefined {
  const group = groups.get(plain);
  const other = groups.get(direct);
  if (group === other) return undefined; // a codec of the library, or one that a program has written
  if (group === undefined) return "plain";
  if (other === undefined) return "direct";
  throw new InvalidSignature(
    "the functions of two codecs are mixed: override those of one direction together",
  );
}

/** Checks a codec that uses several keys. @throws InvalidSignature if an overridden function would be ignored */
export function checkBoxCodec({ encode, decode, toBox, fromBox }: CodecFunctions): void {
  if (toBox !== undefined && overridden(encode, toBox) === "plain")
    throw new InvalidSignature("encode is overridden, but toBox writes the values: override toBox too");
  if (fromBox !== undefined && overridden(decode, fromBox) === "plain")
    throw new InvalidSignature("decode is overridden, but fromBox reads the values: override fromBox too");
}

/** @throws InvalidSignature for a value that is not a codec, which a JavaScript program may pass */
export function checkCodec(value: unknown): void {
  if (typeof value === "function")
    throw new InvalidSignature(
      `a codec is needed, not the function ${value.name || "without a name"}: call it, for example integer()`,
    );
  if (typeof value !== "object" || value === null)
    throw new InvalidSignature(`a codec is needed, not ${shownValue(value)}`);
  const codec: Partial<CodecFunctions> = value;
  if (isPair(codec.encode, codec.decode) || isPair(codec.toBox, codec.fromBox) || "local" in codec) return;
  throw new InvalidSignature(
    `a codec needs the functions encode and decode; ${shownValue(value)} has not both`,
  );
}

function isPair(a: unknown, b: unknown): boolean {
  return typeof a === "function" && typeof b === "function";
}
