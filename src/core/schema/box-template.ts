/** Values to bytes: the hot path of every box that is sent. Writes into the outgoing bytes, in few steps. */

import { TooLong } from "../errors/caller.ts";
import { MAX_VALUE_LENGTH } from "../wire/box-limits.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import type { FastTemplate, FastWrite } from "../wire/fast-paths.ts";
import { type Tag, writeTag } from "../wire/tag.ts";
import { type BoxKey, compileKeys, compileSteps, type Step } from "./box-steps.ts";
import { type Constant, type Field, type SpreadPath, takeValue, type Values } from "./field.ts";
import type { FieldSet } from "./field-set.ts";

const LENGTH_BYTES = 2;

/** Tag passed to a template without a tag. */
export const NO_TAG = 0;

/** Writes boxes of one kind: the same keys, the same constants, new values. */
export class BoxTemplate implements FastTemplate {
  readonly set: FieldSet;
  readonly steps: readonly Step[];
  uses = 0;
  fastWrite: FastWrite | undefined = undefined;
  readonly #constants: readonly Constant[];
  readonly keys: readonly BoxKey[];
  readonly spreadPath: SpreadPath | undefined;
  expectedBox: FastTemplate["expectedBox"] = undefined;
  /** Slots for the values of the next box. Undefined while a box is written: a value may contain another such box. */
  #slots: unknown[] | undefined;

  /** @param constants keys of the box besides the fields */
  constructor(set: FieldSet, constants: readonly Constant[]) {
    this.set = set;
    this.#constants = constants;
    this.keys = compileKeys(set.fields, constants);
    this.steps = compileSteps(this.keys);
    this.spreadPath = set.spreadPath;
  }

  /**
   * Appends one box. On an error nothing is appended.
   * @param tag ignored if the template has no tag
   * @throws InvalidSignature, TooLong: the message names the field
   */
  write(out: ByteWriter, tag: Tag, values: Values, connection?: unknown): void {
    if (out.fastPaths?.writerOf(this)?.(out, tag, values) !== true)
      this.#writeByLoops(out, tag, values, connection);
  }

  #writeByLoops(out: ByteWriter, tag: Tag, values: Values, connection: unknown): void {
    const start = out.length;
    const slots = this.#slots ?? this.set.newSlots();
    this.#slots = undefined;
    try {
      this.set.gather(values, slots);
      if (this.spreadPath === undefined) this.#writeSteps(out, tag, values, slots);
      else this.spreadPath.write(out, this.set, this.#constants, tag, values, slots, connection);
    } catch (error) {
      out.truncate(start);
      throw error;
    }
    if (slots.length > this.set.fields.length) slots.fill(undefined); // the slots of local fields
    this.#slots = slots;
  }

  #writeSteps(out: ByteWriter, tag: Tag, values: Values, slots: unknown[]): void {
    const steps = this.steps;
    for (let index = 0; index < steps.length; index++) {
      const step = steps[index] as Step;
      const { field } = step;
      let value: unknown;
      if (field !== undefined) {
        value = takeValue(slots, field, values);
        if (value === undefined) {
          if (field.optional) continue;
          throw this.set.missing(field.name);
        }
      }
      out.appendFixed(step.fixed);
      if (field !== undefined) this.#writeValue(out, field, value);
      else if (step.tag) {
        const start = out.length;
        writeTag(tag, out);
        out.endCounted(start - LENGTH_BYTES);
      }
    }
  }

  #writeValue(out: ByteWriter, field: Field, value: unknown): void {
    const start = out.length;
    try {
      field.codec.write(value, out);
    } catch (error) {
      throw this.set.failure(field.name, error);
    }
    const length = out.endCounted(start - LENGTH_BYTES);
    // NaN if a codec of the program has appended a value that is not bytes: it would damage every box of this turn.
    if (!(length <= MAX_VALUE_LENGTH)) throw this.set.failure(field.name, tooLong(length));
  }
}

/** Returns the error for a value that does not fit on the wire. */
export function tooLong(length: number): TooLong {
  return new TooLong(`the value is ${length} bytes long, over the wire's limit of ${MAX_VALUE_LENGTH}`);
}
