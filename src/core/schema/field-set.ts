/** The fields of one kind of box, compiled once. `read-fields.ts` reads such boxes, `box-template.ts` writes them. */

import type { AmpError } from "../errors/amp-error.ts";
import { DescriptorsNotAvailable, InvalidSignature, LimitExceeded, TooLong } from "../errors/caller.ts";
import { isError, messageOf } from "../errors/to-error.ts";
import { compareBytes } from "../wire/box-writer.ts";
import { wrongType } from "../wire/value-text.ts";
import type { Argument, Fields } from "./argument.ts";
import {
  type CompiledFields,
  compileField,
  type Field,
  isLocal,
  type SpreadPath,
  type Values,
} from "./field.ts";

export class FieldSet implements CompiledFields {
  /** In byte order of the keys, as on the wire. Without local fields, which are never sent. */
  readonly fields: readonly Field[];
  /** Slow path for boxes of this set; undefined if no codec may use several keys. */
  readonly spreadPath: SpreadPath | undefined;
  /** Names of the properties that hold values. The index is the slot. */
  names: readonly string[];
  readonly #what: string;
  /** True: {@link gather} throws if a value has an undeclared name. False: such values are not sent. */
  readonly exact: boolean;

  /**
   * @param fields names and codecs
   * @param what term for a field in error messages, for example `"argument of Sum"`
   * @throws InvalidSignature if `fields` is not an object or a name cannot be a key, TooLong if it is over 255 bytes
   */
  constructor(fields: Fields, what: string, exact = true) {
    if (typeof fields !== "object" || fields === null)
      throw wrongType(`the declaration of each ${what}`, "an object", fields);
    this.#what = what;
    this.exact = exact;
    this.names = Object.keys(fields);
    this.fields = Object.entries(fields)
      .flatMap(([name, argument]) => this.#compile(name, argument))
      .sort((a, b) => compareBytes(a.key, b.key));
    this.spreadPath = this.fields.find((field) => field.spread !== undefined)?.spread?.spreadPath;
    if (this.spreadPath !== undefined) this.names = this.spreadPath.propertyNames(this.names, fields, what);
  }

  /** Returns the compiled field, or an empty array for a local field. @throws InvalidSignature, TooLong */
  #compile(name: string, argument: Argument<unknown>): Field[] {
    try {
      return isLocal(argument) ? [] : [compileField(name, argument, this.names.indexOf(name))];
    } catch (error) {
      throw this.failure(name, error);
    }
  }

  /** Returns empty slots for {@link gather}: one for each declared name, local ones included. */
  newSlots(): unknown[] {
    return this.names.map(() => undefined);
  }

  /**
   * Stores each value in the slot of its field, and checks the names. V8 reads the properties of an object fastest in a
   * `for...in` loop like this one; anywhere else it would look up each value by its name.
   * @throws InvalidSignature if `values` is not an object, or a name is not declared
   */
  gather(values: Values, slots: unknown[]): void {
    if (typeof values !== "object" || values === null) throw this.#notAnObject(values);
    const names = this.names;
    let expected = 0;
    for (const name in values) {
      // Most objects list their properties in the order of the declaration.
      const slot = name === names[expected] ? expected : names.indexOf(name);
      if (slot >= 0) {
        slots[slot] = values[name];
        expected = slot + 1;
      } else if (this.exact) throw this.#undeclared(name);
    }
    // A Map or an array, whose values would not be sent. An object with values is not checked again.
    if (expected === 0 && Symbol.iterator in values) throw this.#notAnObject(values);
  }

  #notAnObject(values: unknown): InvalidSignature {
    return wrongType(`${this.#what}: the values`, "an object", values);
  }

  #undeclared(name: string): InvalidSignature {
    return new InvalidSignature(`${this.#what}: ${JSON.stringify(name)} is not declared`);
  }

  /** Returns the error for a required field without a value. */
  missing(name: string): InvalidSignature {
    return new InvalidSignature(`${this.#what}: ${JSON.stringify(name)} is missing`);
  }

  /** Returns the error for a field whose codec threw. */
  failure(name: string, cause: unknown): AmpError {
    const message = `${this.#what}: ${JSON.stringify(name)}: ${messageOf(cause)}`;
    if (!isError(cause)) return new InvalidSignature(message, { cause });
    if (cause instanceof LimitExceeded) return cause; // a limit of the box, not of this field
    if (cause instanceof TooLong) return new TooLong(message, { cause });
    if (cause instanceof DescriptorsNotAvailable) return new DescriptorsNotAvailable(message, { cause });
    return new InvalidSignature(message, { cause });
  }
}
