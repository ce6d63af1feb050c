/** A value that stays on this side. */
import type { LocalArgument } from "../schema/argument.ts";

/**
 * Known on this side only: it is given to the call like an argument, is never on the wire, and is ignored
 * if a peer sends it. Always optional. Twisted's `_LocalArgument`, which StartTLS has for its certificates.
 */
export function local<T>(): LocalArgument<T> {
  return {
    optional: true,
    local: true,
    encode: never,
    decode: never,
  };
}

function never(): never {
  throw new TypeError("a local argument never goes over the wire");
}
