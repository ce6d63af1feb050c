/**
 * Fields compiled once: key headers as bytes, in the order of the wire.
 *
 * This is the hot path of every call. Encoding stores straight into the outgoing bytes; decoding compares
 * the frame's keys with ours in one walk, since both stand in byte order.
 */
import { AmpError } from "../errors/amp-error.ts";
import { InvalidSignature, TooLong } from "../errors/caller.ts";
import { Box } from "../wire/box.ts";
import { ByteWriter } from "../wire/byte-writer.ts";
import type { ByteRange } from "../wire/byte-range.ts";
import type { Frame } from "../wire/frame.ts";
import { textToKey } from "../wire/key-text.ts";
import { MAX_VALUE_LENGTH } from "../wire/limits.ts";
import { compareBytes, keyHeader, writeBox } from "../wire/writer.ts";
import { type Argument, asInPlace, type BoxArgument, type Fields, type InPlaceArgument } from "./argument.ts";

type Values = Readonly<Record<string, unknown>>;

interface Field {
  readonly name: string;
  readonly key: Uint8Array;
  /** The key with its length before it. */
  readonly header: Uint8Array;
  readonly codec: InPlaceArgument<unknown>;
  readonly optional: boolean;
  /** Set for the few codecs that write several keys. */
  readonly spread: BoxArgument<unknown> | undefined;
  /** Its name is one that every object inherits something under. */
  readonly shadowed: boolean;
}

/** A key that every box of one kind has beside its fields. */
export interface Constant {
  readonly key: string;
  /** Undefined for the tag, which differs from box to box. */
  readonly value?: Uint8Array;
}

/** One key of a box to write: a field, a constant, or (where both are undefined) the tag. */
interface Step {
  readonly name: string;
  readonly key: Uint8Array;
  /** The bytes that never change: the key's header, and for a constant its value too. */
  readonly fixed: Uint8Array;
  readonly field: Field | undefined;
  readonly constant: Uint8Array | undefined;
}

export class Schema {
  readonly #what: string;
  readonly #names: ReadonlySet<string>;
  /** In byte order of the keys. Local fields are not among them: they never travel. */
  readonly #fields: readonly Field[];
  readonly #spreads: boolean;

  /**
   * @param fields names to codecs
   * @param what how messages call a field: `"argument of Sum"`
   * @throws InvalidSignature for a name that cannot be a key, TooLong for one over 255 bytes
   */
  constructor(fields: Fields, what: string) {
    this.#what = what;
    this.#names = new Set(Object.keys(fields));
    this.#fields = Object.entries(fields)
      .filter(([, argument]) => !isLocal(argument))
      .map(([name, argument]) => compileField(name, argument))
      .sort((a, b) => compareBytes(a.key, b.key));
    this.#spreads = this.#fields.some((field) => field.spread !== undefined);
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
    const values: Record<string, unknown> = {};
    let expected = 0;
    const box = this.#spreads ? frame.toBox() : undefined;
    for (const field of this.#fields) {
      if (box !== undefined && field.spread !== undefined) {
        this.#readSpread(values, field, field.spread, box, connection);
        continue;
      }
      // Both stand in byte order, so a field's key comes after the one found before it.
      const index = frame.ascending ? frame.indexFrom(expected, field.key) : frame.indexOf(field.key);
      if (index >= 0) {
        expected = index + 1;
        values[field.name] = this.#readValue(frame, index, field);
      } else if (!field.optional) {
        throw this.#missing(field.name);
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
    else if (!field.optional) throw this.#missing(field.name);
  }

  /** @throws InvalidSignature for a name that is not declared, or a declared one that is not given */
  checkNames(values: Values): void {
    if (typeof values !== "object" || values === null) {
      throw new InvalidSignature(`${this.#what}: an object with the values by name is needed, not ${String(values)}`);
    }
    for (const name in values) {
      if (!this.#names.has(name)) throw new InvalidSignature(`${this.#what}: there is no ${JSON.stringify(name)}`);
    }
    for (const field of this.#fields) {
      if (!field.optional && valueFor(field, values) === undefined) throw this.#missing(field.name);
    }
  }

  failure(name: string, cause: unknown): AmpError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `${this.#what}: ${JSON.stringify(name)}: ${reason}`;
    return cause instanceof TooLong ? new TooLong(message, { cause }) : new InvalidSignature(message, { cause });
  }

  #missing(name: string): InvalidSignature {
    return new InvalidSignature(`${this.#what}: ${JSON.stringify(name)} is missing`);
  }
}

/** Writes boxes of one kind: the same keys, the same constants, new values. */
export class BoxTemplate {
  readonly #schema: Schema;
  /** In byte order of the keys. */
  readonly #steps: readonly Step[];
  readonly #spreads: boolean;

  constructor(schema: Schema, fields: readonly Field[], constants: readonly Constant[]) {
    this.#schema = schema;
    this.#spreads = fields.some((field) => field.spread !== undefined);
    this.#steps = [...constants.map(constantStep), ...fields.map(fieldStep)].sort((a, b) =>
      compareBytes(a.key, b.key),
    );
  }

  /**
   * Appends one box. On an error nothing is left behind.
   * @param tag ignored where the template has none
   * @throws InvalidSignature, TooLong: the message names the field
   */
  write(out: ByteWriter, tag: ByteRange, values: Values, connection?: unknown): void {
    const start = out.length;
    try {
      this.#schema.checkNames(values);
      if (this.#spreads) writeBox(out, this.#spreadBox(tag, values, connection));
      else this.#writeSteps(out, tag, values);
    } catch (error) {
      out.length = start;
      throw error;
    }
  }

  #writeSteps(out: ByteWriter, tag: ByteRange, values: Values): void {
    for (const step of this.#steps) {
      const field = step.field;
      if (field === undefined) {
        out.append(step.fixed);
        if (step.constant === undefined) {
          out.uint16(tag.end - tag.start);
          out.appendRange(tag.bytes, tag.start, tag.end);
        }
        continue;
      }
      const value = valueFor(field, values);
      if (value === undefined) continue;
      out.append(step.fixed);
      this.#writeValue(out, field, value);
    }
    out.uint16(0);
  }

  #writeValue(out: ByteWriter, field: Field, value: unknown): void {
    const position = out.beginCounted();
    let length: number;
    try {
      field.codec.write(value, out);
      length = out.endCounted(position);
    } catch (error) {
      throw this.#schema.failure(field.name, error);
    }
    if (length > MAX_VALUE_LENGTH) throw this.#schema.failure(field.name, tooLong(length));
  }

  /** The slow way, through a map: where a codec decides itself which keys it writes. */
  #spreadBox(tag: ByteRange, values: Values, connection: unknown): Box {
    const box = new Box();
    for (const { name, field, constant } of this.#steps) {
      if (field === undefined) {
        box.set(name, constant ?? tag.bytes.slice(tag.start, tag.end));
        continue;
      }
      const value = valueFor(field, values);
      if (value === undefined) continue;
      try {
        if (field.spread === undefined) box.set(name, field.codec.encode(value));
        else field.spread.toBox(value, name, box, connection);
      } catch (error) {
        throw this.#schema.failure(name, error);
      }
    }
    return box;
  }
}

function compileField(name: string, argument: Argument<unknown>): Field {
  if (name === "__proto__") throw new InvalidSignature("__proto__ cannot name a field: objects treat it specially");
  const key = textToKey(name);
  return {
    name,
    key,
    header: keyHeader(key),
    codec: asInPlace(argument),
    optional: "optional" in argument && argument.optional === true,
    spread: "toBox" in argument ? (argument as BoxArgument<unknown>) : undefined,
    shadowed: name in Object.prototype,
  };
}

function fieldStep(field: Field): Step {
  return { name: field.name, key: field.key, fixed: field.header, field, constant: undefined };
}

function constantStep({ key: name, value }: Constant): Step {
  const key = textToKey(name);
  const fixed = new ByteWriter(64);
  fixed.append(keyHeader(key));
  if (value !== undefined) {
    if (value.length > MAX_VALUE_LENGTH) throw tooLong(value.length);
    fixed.uint16(value.length);
    fixed.append(value);
  }
  return { name, key, fixed: fixed.copy(), field: undefined, constant: value };
}

/** An argument may be named `toString`: then what every object inherits under that name does not count. */
function valueFor(field: Field, values: Values): unknown {
  return field.shadowed && !Object.hasOwn(values, field.name) ? undefined : values[field.name];
}

function isLocal(argument: Argument<unknown>): boolean {
  return "local" in argument && argument.local === true;
}

function tooLong(length: number): TooLong {
  return new TooLong(`the value is ${length} bytes long, over the wire's limit of ${MAX_VALUE_LENGTH}`);
}
