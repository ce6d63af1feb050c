/**
 * Boxes of one kind, written: the hot path of every call out. It stores straight into the outgoing bytes, in few steps.
 */

import { TooLong } from "../errors/caller.ts";
import { Box } from "../wire/box.ts";
import { MAX_VALUE_LENGTH } from "../wire/box-limits.ts";
import { writeBox } from "../wire/box-writer.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { ExpectedBox } from "../wire/expected-box.ts";
import { type Tag, tagBytes } from "../wire/tag.ts";
import { checkpoint } from "./argument.ts";
import { type BoxKey, type Constant, compileKeys, compileSteps, type Step } from "./box-steps.ts";
import { type Field, type Values, valueFor } from "./field.ts";
import type { Schema } from "./schema.ts";

/** The length of a value stands before it. */
const LENGTH_BYTES = 2;

/** What is given to a template without a tag. */
export const NO_TAG = 0;

/** Writes boxes of one kind: the same keys, the same constants, new values. */
export class BoxTemplate {
  readonly #schema: Schema;
  readonly #fields: readonly Field[];
  readonly #constants: readonly Constant[];
  readonly #steps: readonly Step[];
  readonly #spreads: boolean;
  readonly #keys: readonly BoxKey[];
  #shape: ExpectedBox | undefined;
  /** For the values of the next box. Not here while one is being written: a value may have such a box in it. */
  #slots: unknown[] | undefined;

  constructor(schema: Schema, fields: readonly Field[], constants: readonly Constant[]) {
    this.#schema = schema;
    this.#fields = fields;
    this.#constants = constants;
    this.#keys = compileKeys(fields, constants);
    this.#steps = compileSteps(this.#keys);
    this.#spreads = fields.some((field) => field.spread !== undefined);
  }

  /** How the boxes look to who reads them; undefined where a codec decides itself which keys it writes. */
  get shape(): ExpectedBox | undefined {
    if (this.#spreads) return undefined;
    this.#shape ??= new ExpectedBox(
      this.#keys,
      this.#schema,
      this.#fields.map(({ name }) => name),
    );
    return this.#shape;
  }

  /**
   * Appends one box. On an error nothing is left behind.
   * @param tag ignored where the template has none
   * @throws InvalidSignature, TooLong: the message names the field
   */
  write(out: ByteWriter, tag: Tag, values: Values, connection?: unknown): void {
    const start = out.length;
    const slots = this.#slots ?? this.#schema.newSlots();
    this.#slots = undefined;
    try {
      this.#schema.gather(values, slots);
      if (this.#spreads) this.#writeSpread(out, tag, values, slots, connection);
      else this.#writeSteps(out, tag, values, slots);
    } catch (error) {
      out.truncate(start);
      throw error;
    }
    if (slots.length > this.#fields.length) slots.fill(undefined); // local values travel nowhere
    this.#slots = slots;
  }

  #writeSteps(out: ByteWriter, tag: Tag, values: Values, slots: unknown[]): void {
    const steps = this.#steps;
    for (let index = 0; index < steps.length; index++) {
      const step = steps[index] as Step;
      const { field } = step;
      let value: unknown;
      if (field !== undefined) {
        value = takeFrom(slots, field, values);
        if (value === undefined) {
          if (field.optional) continue;
          throw this.#schema.missing(field.name);
        }
      }
      out.appendFixed(step.fixed);
      if (field !== undefined) this.#writeValue(out, field, value);
      else if (step.tag) writeTag(out, tag);
    }
  }

  #writeValue(out: ByteWriter, field: Field, value: unknown): void {
    const start = out.length;
    try {
      field.codec.write(value, out);
    } catch (error) {
      throw this.#schema.failure(field.name, error);
    }
    const length = out.endCounted(start - LENGTH_BYTES);
    if (length > MAX_VALUE_LENGTH) throw this.#schema.failure(field.name, tooLong(length));
  }

  /** The slow way, through a map: where a codec decides itself which keys it writes. */
  #writeSpread(out: ByteWriter, tag: Tag, values: Values, slots: unknown[], connection: unknown): void {
    const takeBack = checkpoint(connection);
    try {
      this.#writeBox(out, tag, values, slots, connection);
    } catch (error) {
      takeBack();
      throw error;
    }
  }

  #writeBox(out: ByteWriter, tag: Tag, values: Values, slots: unknown[], connection: unknown): void {
    const box = new Box();
    for (const { key, value } of this.#constants) box.set(key, value ?? tagBytes(tag));
    for (const field of this.#fields) {
      const value = takeFrom(slots, field, values);
      if (value === undefined) {
        if (field.optional) continue;
        throw this.#schema.missing(field.name);
      }
      try {
        if (field.spread === undefined) box.set(field.name, field.codec.encode(value));
        else field.spread.toBox(value, field.name, box, connection);
      } catch (error) {
        throw this.#schema.failure(field.name, error);
      }
    }
    // A row of a list may have nothing in it, which a box of its own may not.
    if (box.size === 0) out.uint16(0);
    else writeBox(out, box);
  }
}

function writeTag(out: ByteWriter, tag: Tag): void {
  const start = out.length;
  if (typeof tag === "number") out.hex(tag);
  else out.appendRange(tag.bytes, tag.start, tag.end);
  out.endCounted(start - LENGTH_BYTES);
}

/** A slot is empty afterwards: what was sent is not to be kept alive, nor taken for a value of the next box. */
function takeFrom(slots: unknown[], field: Field, values: Values): unknown {
  const value = slots[field.slot];
  slots[field.slot] = undefined;
  return value ?? valueFor(field, values);
}

function tooLong(length: number): TooLong {
  return new TooLong(`the value is ${length} bytes long, over the wire's limit of ${MAX_VALUE_LENGTH}`);
}
