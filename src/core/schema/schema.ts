/**
 * Fields compiled once: key headers as bytes, in the order of the wire.
 *
 * This is the hot path of every call that comes in: decoding compares the frame's keys with ours in one walk, since both
 * stand in byte order. How they are written is in `box-template.ts`.
 */

import type { AmpError } from "../errors/amp-error.ts";
import { DescriptorsNotAvailable, InvalidSignature, TooLong } from "../errors/caller.ts";
import { isError, messageOf } from "../errors/to-error.ts";
import type { Box } from "../wire/box.ts";
import { compareBytes } from "../wire/box-writer.ts";
import type { Frame } from "../wire/frame.ts";
import { type BoxArgument, checkpoint, type Fields } from "./argument.ts";
import type { Constant } from "./box-steps.ts";
import { BoxTemplate } from "./box-template.ts";
import { compileField, type Field, isLocal, isPieceOf, type Values } from "./field.ts";

export class Schema {
  readonly #what: string;
  readonly #exact: boolean;
  readonly #names: readonly string[];
  /** In byte order of the keys. Local fields are not among them: they never travel. */
  readonly #fields: readonly Field[];
  readonly #spreads: boolean;

  /**
   * @param fields names to codecs
   * @param what how messages call a field: `"argument of Sum"`
   * @param exact whether values under names that are not declared are an error when writing; else they are left out
   * @throws InvalidSignature for a name that cannot be a key, TooLong for one over 255 bytes
   */
  constructor(fields: Fields, what: string, exact = true) {
    this.#what = what;
    this.#exact = exact;
    this.#names = Object.keys(fields);
    this.#fields = Object.entries(fields)
      .filter(([, argument]) => !isLocal(argument))
      .map(([name, argument]) => compileField(name, argument, this.#names.indexOf(name)))
      .sort((a, b) => compareBytes(a.key, b.key));
    this.#spreads = this.#fields.some((field) => field.spread !== undefined);
    for (const { name, spread } of this.#fields) if (spread !== undefined) this.#checkPieces(name);
  }

  /** A value spread over `name.2`, `name.3`, ... would be mixed up with an argument that is named like that. */
  #checkPieces(name: string): void {
    const piece = this.#names.find((other) => isPieceOf(name, other));
    if (piece === undefined) return;
    throw new InvalidSignature(
      `${this.#what}: ${JSON.stringify(name)} may be spread over ${JSON.stringify(piece)}`,
    );
  }

  /** A writer of boxes that hold these fields and some constants. */
  template(constants: readonly Constant[]): BoxTemplate {
    return new BoxTemplate(this, this.#fields, constants);
  }

  /**
   * Reads a box's values.
   * @throws InvalidSignature naming the field that is missing or malformed
   */
  read(frame: Frame, connection?: unknown): Record<string, unknown> {
    if (!this.#spreads) return this.#read(frame, undefined, undefined);
    const takeBack = checkpoint(connection);
    try {
      return this.#read(frame, frame.toBox(), connection);
    } catch (error) {
      takeBack();
      throw error;
    }
  }

  /** @param box the same, for the fields that read it themselves */
  #read(frame: Frame, box: Box | undefined, connection: unknown): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    const fields = this.#fields;
    const { shape } = frame;
    const places = shape !== undefined && shape.owner === this ? shape.places : undefined;
    let expected = 0;
    for (let place = 0; place < fields.length; place++) {
      const field = fields[place] as Field;
      if (box !== undefined && field.spread !== undefined) {
        this.#readSpread(values, field, field.spread, box, connection);
        continue;
      }
      // Both stand in byte order, so a field's key comes after the one found before it.
      const index =
        places !== undefined
          ? (places[place] as number)
          : frame.ascending
            ? frame.indexFrom(expected, field.pattern)
            : frame.indexOf(field.pattern);
      if (index >= 0) {
        expected = index + 1;
        values[field.name] = this.#readValue(frame, index, field);
      } else if (!field.optional) {
        throw this.missing(field.name);
      }
    }
    return values;
  }

  #readValue(frame: Frame, index: number, field: Field): unknown {
    try {
      return field.codec.read(frame.bytes, frame.valueStart(index), frame.valueEnd(index));
    } catch (error) {
      throw this.failure(field.name, error);
    }
  }

  #readSpread(
    values: Record<string, unknown>,
    field: Field,
    codec: BoxArgument<unknown>,
    box: Box,
    connection: unknown,
  ): void {
    let value: unknown;
    try {
      value = codec.fromBox(field.name, box, connection);
    } catch (error) {
      throw this.failure(field.name, error);
    }
    if (value !== undefined) values[field.name] = value;
    else if (!field.optional) throw this.missing(field.name);
  }

  newSlots(): unknown[] {
    return this.#names.map(() => undefined);
  }

  /**
   * Puts each value into the slot of its field, and notes that way which names are given. In this loop V8 finds a value
   * by its place in the object; everywhere else it would have to search for it by name.
   * @throws InvalidSignature for a name that is not declared
   */
  gather(values: Values, slots: unknown[]): void {
    if (typeof values !== "object" || values === null) throw this.#noValues(values);
    const names = this.#names;
    let expected = 0;
    for (const name in values) {
      // Most objects list their properties in the order of the declaration.
      const slot = name === names[expected] ? expected : names.indexOf(name);
      if (slot >= 0) {
        slots[slot] = values[name];
        expected = slot + 1;
      } else if (this.#exact) throw this.#undeclared(name);
    }
  }

  #noValues(values: unknown): InvalidSignature {
    return new InvalidSignature(
      `${this.#what}: an object with the values by name is needed, not ${String(values)}`,
    );
  }

  #undeclared(name: string): InvalidSignature {
    return new InvalidSignature(`${this.#what}: there is no ${JSON.stringify(name)}`);
  }

  failure(name: string, cause: unknown): AmpError {
    const message = `${this.#what}: ${JSON.stringify(name)}: ${messageOf(cause)}`;
    if (!isError(cause)) return new InvalidSignature(message, { cause });
    if (cause instanceof TooLong) return new TooLong(message, { cause });
    if (cause instanceof DescriptorsNotAvailable) return new DescriptorsNotAvailable(message, { cause });
    return new InvalidSignature(message, { cause });
  }

  missing(name: string): InvalidSignature {
    return new InvalidSignature(`${this.#what}: ${JSON.stringify(name)} is missing`);
  }
}
