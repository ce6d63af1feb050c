/** Compiles how a box of one kind is written: a few steps, each some bytes that never change and one value. */
import { TooLong } from "../errors/caller.ts";
import { MAX_VALUE_LENGTH } from "../wire/box-limits.ts";
import { compareBytes } from "../wire/box-writer.ts";
import { ByteWriter } from "../wire/byte-writer.ts";
import { FixedBytes } from "../wire/fixed-bytes.ts";
import { type Constant, compileKey, type Field, type Key } from "./field.ts";

/** Bytes that never change, followed by one value or none. */
export interface Step {
  /** Whole constants, then the key of the field or tag with two bytes for the length of its value. */
  readonly fixed: FixedBytes;
  /** Undefined in the step of the tag, and in a step without a value. */
  readonly field: Field | undefined;
  readonly tag: boolean;
}

interface ConstantKey extends Key {
  readonly name: string;
  readonly value: Uint8Array | undefined;
}

export type BoxKey = Field | ConstantKey;

/** Returns all keys of the box, in byte order. */
export function compileKeys(fields: readonly Field[], constants: readonly Constant[]): BoxKey[] {
  const keys: BoxKey[] = [...fields, ...constants.map(compileConstant)];
  return keys.sort((a, b) => compareBytes(a.key, b.key));
}

/** Returns the steps that write the whole box. */
export function compileSteps(keys: readonly BoxKey[]): Step[] {
  const steps: Step[] = [];
  const fixed = new ByteWriter(64);
  function finishStep(field: Field | undefined, tag: boolean): void {
    steps.push({ fixed: new FixedBytes(fixed.copy()), field, tag });
    fixed.length = 0;
  }
  for (const entry of keys) {
    const field = "codec" in entry ? entry : undefined;
    // An absent optional field skips its whole step, so the constants before it need a step of their own.
    if (field?.optional && fixed.length > 0) finishStep(undefined, false);
    fixed.append(entry.header);
    const value = "codec" in entry ? undefined : entry.value;
    if (value === undefined) {
      fixed.uint16(0);
      finishStep(field, field === undefined);
    } else {
      fixed.uint16(value.length);
      fixed.append(value);
    }
  }
  fixed.uint16(0);
  finishStep(undefined, false);
  return steps;
}

function compileConstant({ key: name, value }: Constant): ConstantKey {
  if (value !== undefined && value.length > MAX_VALUE_LENGTH) {
    throw new TooLong(`the value of ${name} is over the wire's limit of ${MAX_VALUE_LENGTH} bytes`);
  }
  return { ...compileKey(name), name, value };
}
