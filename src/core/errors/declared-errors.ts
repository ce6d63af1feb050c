/** The errors that a command declares, from error code to class and from class to error code. */
import { InvalidSignature } from "./caller.ts";
import { checkErrorCode } from "./peer.ts";
import { shownValue } from "./shown-value.ts";

/** Error class whose constructor takes the description from the wire, `_error_description`. */
export type ErrorClass = new (message: string) => Error;

/** An error class whose instances are sent with data. Created by `declaredError`. */
export interface ErrorWithData {
  /** The constructor takes the description and the received data. */
  readonly errorClass: new (
    message: string,
    data: never,
  ) => Error;
  /** Returns the keys and values that are sent next to the error code. @throws any error if they cannot be sent */
  encode(error: Error): ReadonlyMap<string, Uint8Array>;
  /** Creates an error from a received error box. @throws any error if data is missing or malformed */
  create(description: string, box: ReadonlyMap<string, Uint8Array>): Error;
}

/** Error codes and their classes. Bytes of a code that are not UTF-8 are lone surrogates U+DC80..U+DCFF, as in keys. */
export type ErrorCodes = Readonly<Record<string, ErrorClass | ErrorWithData>>;

export interface DeclaredError {
  readonly code: string;
  /** True: the connection is closed after the error has been sent. */
  readonly fatal: boolean;
  readonly data: ErrorWithData | undefined;
}

/** Returns the class of an entry of {@link ErrorCodes}. */
export function errorClassOf(declared: ErrorClass | ErrorWithData): ErrorWithData["errorClass"] {
  return typeof declared === "object" ? declared.errorClass : declared;
}

export class DeclaredErrors {
  readonly #byCode = new Map<string, ErrorClass | ErrorWithData>();
  /** Read by `declaredErrorOf`. */
  readonly byClass = new Map<{ readonly prototype: object }, DeclaredError>();

  /** @throws InvalidSignature for an error code without a class, or one that the wire cannot carry */
  constructor(errors: ErrorCodes, fatalErrors: ErrorCodes) {
    this.#declare(errors, false);
    this.#declare(fatalErrors, true);
  }

  #declare(errors: ErrorCodes, fatal: boolean): void {
    for (const [code, declared] of Object.entries(errors)) {
      checkErrorCode(code);
      const errorClass = declared && errorClassOf(declared); // a JavaScript program may pass null
      // An arrow function has no prototype: no error is an instance of it.
      if (typeof errorClass !== "function" || errorClass.prototype === undefined)
        throw new InvalidSignature(`error ${code} must be an error class, not ${shownValue(errorClass)}`);
      this.#byCode.set(code, declared);
      this.byClass.set(errorClass, {
        code,
        fatal,
        data: typeof declared === "object" ? declared : undefined,
      });
    }
  }

  /** Adds the classes of a base command. They keep their codes, even if this command declares a code for another class. */
  inherit(base: DeclaredErrors): void {
    for (const [errorClass, declared] of base.byClass) {
      if (!this.byClass.has(errorClass)) this.byClass.set(errorClass, declared);
    }
  }

  /** Replaces the search in {@link byClass}: declarations may depend on the error. */
  codeFor?(error: unknown): DeclaredError | undefined;

  classFor(code: string): ErrorClass | ErrorWithData | undefined {
    return this.#byCode.get(code);
  }
}
