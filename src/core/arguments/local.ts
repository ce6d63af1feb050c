/** Values that stay on this end. */
import type { LocalArgument } from "../schema/argument.ts";

/**
 * Argument that stays on this end: a call passes it like any argument, but it is never sent. If a peer sends it, it is
 * ignored. It is always optional. This is Twisted's `_LocalArgument`; StartTLS uses it for its certificates.
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
  throw new TypeError("a local argument is never sent");
}
