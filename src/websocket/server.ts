/** Options for servers of WebSockets. */
import { type LimitOptions, resolveLimits } from "../core/connection/limits.ts";
import { checkOptionNames } from "../core/option-names.ts";
import { ATTACH_OPTIONS } from "./connect.ts";
import { MAX_MESSAGE_BYTES, SUBPROTOCOL } from "./socket.ts";

/** Options for `new WebSocketServer()` of the package `ws`. */
export interface WebSocketServerOptions {
  /** Longest message, in bytes. `ws` buffers a message completely before it delivers it. */
  readonly maxPayload: number;
  /** Off: compression costs memory for each connection, and the size of a compressed box can reveal a secret in it. */
  readonly perMessageDeflate: false;
  /** Selects the subprotocol `amp` among those that the client offers. */
  readonly handleProtocols: (offered: Iterable<string>) => string | false;
}

/**
 * Returns the options that a `WebSocketServer` of `ws` needs for AMP: `new WebSocketServer({ port, ...serverOptions() })`.
 * A message may be as long as a box (`maxBoxBytes`), and 64 KiB at least, which is the longest message that ampwire sends.
 * @param options `limits`: those that `attach` is given
 * @throws RangeError, TypeError for an invalid limit
 */
export function serverOptions(
  options: { readonly limits?: LimitOptions | undefined } = {},
): WebSocketServerOptions {
  checkOptionNames("serverOptions", options, ATTACH_OPTIONS); // a program may pass all options of `attach`
  const { maxBoxBytes } = resolveLimits(options.limits);
  return {
    maxPayload: Math.max(maxBoxBytes, MAX_MESSAGE_BYTES),
    perMessageDeflate: false,
    handleProtocols: chooseProtocol,
  };
}

/** Returns the subprotocol to select from those that the client offers, false if AMP is not among them. */
export function chooseProtocol(offered: Iterable<string>): string | false {
  if (typeof offered?.[Symbol.iterator] !== "function")
    throw new TypeError(
      "chooseProtocol: a set of subprotocols is needed, as `handleProtocols` of ws gets it",
    );
  return [...offered].includes(SUBPROTOCOL) ? SUBPROTOCOL : false;
}
