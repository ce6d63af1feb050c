/** The errors a command declares: wire tags to classes, and the way back. */
import { InvalidSignature } from "./caller.ts";

/** A class of errors that can be made from the description that came over the wire. */
export type ErrorClass = new (message: string) => Error;

/** Wire tags to error classes. */
export type ErrorCodes = Readonly<Record<string, ErrorClass>>;

export class DeclaredErrors {
  readonly #byTag = new Map<string, ErrorClass>();
  readonly #byClass = new Map<unknown, { readonly tag: string; readonly fatal: boolean }>();

  /** @throws InvalidSignature for a tag that names something else than a class */
  constructor(errors: ErrorCodes, fatalErrors: ErrorCodes) {
    this.#declare(errors, false);
    this.#declare(fatalErrors, true);
  }

  #declare(tags: ErrorCodes, fatal: boolean): void {
    for (const [tag, errorClass] of Object.entries(tags)) {
      if (typeof errorClass !== "function")
        throw new InvalidSignature(`error ${tag} must be a class of errors`);
      this.#byTag.set(tag, errorClass);
      this.#byClass.set(errorClass, { tag, fatal });
    }
  }

  /** Classes that a base declares keep their tags, also one whose tag stands for another class here. */
  inherit(base: DeclaredErrors): void {
    for (const [errorClass, declared] of base.#byClass) {
      if (!this.#byClass.has(errorClass)) this.#byClass.set(errorClass, declared);
    }
  }

  classFor(tag: string): ErrorClass | undefined {
    return this.#byTag.get(tag);
  }

  /** The tag of the nearest declared class that the error is an instance of. */
  tagFor(error: unknown): { readonly tag: string; readonly fatal: boolean } | undefined {
    if (!(error instanceof Error)) return undefined;
    for (
      let proto: object | null = Object.getPrototypeOf(error);
      proto !== null;
      proto = Object.getPrototypeOf(proto)
    ) {
      const declared = this.#byClass.get(proto.constructor);
      if (declared !== undefined) return declared;
    }
    return undefined;
  }
}
