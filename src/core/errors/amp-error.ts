/**
 * The base class of all errors of the library.
 *
 * Each file holds the errors of one fault: `caller.ts`, `responder.ts`, `peer.ts`, `transport.ts`. The errors of TLS and of
 * protocol changes are in `tls.ts`, so that a bundle without these features does not contain them. `wire-codes.ts` maps
 * errors to the wire and back.
 */

import { brand, hasOwnBrand, isInstance } from "./brand.ts";
import { MAX_MESSAGE_CHARACTERS, shownText } from "./safe-text.ts";

/** Key of the brand of an error class, which is its name. */
export const ERROR_BRAND: unique symbol = Symbol.for("ampwire.error");

/** Origin of an error: the program that calls the library, its responder, the peer, or the transport between them. */
export type Fault = "caller" | "responder" | "peer" | "transport";

/** Base class of every error of the library. */
export class AmpError extends Error {
  /** Stable identifier for programs. docs/troubleshooting.md lists every code. An own property: JSON and `console.log` show it. */
  declare readonly code: string;
  /** Origin of the error. */
  declare readonly fault: Fault;

  static {
    identify(this, "AmpError", "AMP_ERROR", "peer");
  }

  /**
   * @param message text for people. In the library's own classes it becomes one line of about 2,000 characters at
   * most: line breaks and characters that control a terminal are escaped, because parts of the message may come from a
   * peer. A class that a program derives keeps, and sends, its message unchanged
   * @param options `cause`: the underlying error
   */
  constructor(message: string, options?: { readonly cause?: unknown }) {
    // A JavaScript program may omit the message, or pass a value that is not a string.
    super(
      message && isOwnClass(new.target) ? shownText(String(message), MAX_MESSAGE_CHARACTERS) : message,
      options,
    );
    // Copied from the prototype. Not by assignment, which throws if a program's class has a getter of this name.
    Reflect.set(this, "code", this.code);
  }

  /** `instanceof` recognizes the errors of another copy of the package, and of another realm. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(this, ERROR_BRAND, value);
  }
}

/**
 * Defines brand, name, code and fault on the prototype of an error class. The name must be on the prototype, because `stack` is
 * built from it before the instance has fields. It must be a literal, because minifiers rename classes.
 */
export function identify(errorClass: { prototype: object }, name: string, code: string, fault: Fault): void {
  brand(errorClass, ERROR_BRAND, name);
  for (const [key, value] of Object.entries({ name, code, fault })) {
    Object.defineProperty(errorClass.prototype, key, { value, configurable: true, writable: true });
  }
}

/** Returns true for a class of the library: {@link identify} was called on the class itself, not only on a base. */
export function isOwnClass(errorClass: { readonly prototype: object }): boolean {
  return hasOwnBrand(errorClass, ERROR_BRAND);
}
