/**
 * The root of the error family.
 *
 * Errors are sorted by whose fault they are, one file each: `caller.ts`, `responder.ts`, `peer.ts`,
 * `transport.ts`. What goes over the wire is decided in one place, `wire-codes.ts`.
 */

import { safeText } from "./safe-text.ts";

/** Whose fault an error is: the program that called us, its responder, the other end, or the stream between. */
export type Fault = "caller" | "responder" | "peer" | "transport";

/** Every error that ampwire makes is one of these. */
export class AmpError extends Error {
  /** For programs: never changes between versions. Every code is listed in docs/troubleshooting.md. */
  declare readonly code: string;
  /** Whose fault it is. */
  declare readonly fault: Fault;

  static {
    identify(this, "AmpError", "AMP_ERROR", "peer");
  }

  /**
   * @param message for people: says what happened and where. In ours it is one line: what would end it is escaped, as
   * `\n` say, and so is all that a terminal obeys, since much of it may be a peer's. A class of the program's own has its
   * message as it is given, and sends it so
   * @param options `cause`: the error underneath
   */
  constructor(message: string, options?: { readonly cause?: unknown }) {
    // A program in JavaScript may give none, or anything.
    super(message && isOurs(new.target) ? safeText(String(message)) : message, options);
  }
}

/**
 * Puts name, code and fault on the prototype. On the prototype, because the first line of `stack` is
 * made from `name` while the instance has no fields yet; as literals, because minifiers rename classes.
 */
export function identify(errorClass: { prototype: object }, name: string, code: string, fault: Fault): void {
  for (const [key, value] of Object.entries({ name, code, fault })) {
    Object.defineProperty(errorClass.prototype, key, { value, configurable: true, writable: true });
  }
}

/** Whether {@link identify} has named the class itself. */
function isOurs(errorClass: { readonly prototype: object }): boolean {
  return Object.hasOwn(errorClass.prototype, "code");
}
