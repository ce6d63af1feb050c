/**
 * What boxes of one kind have in common: their keys, in the order of the wire, and the values that never change.
 *
 * Most boxes on a connection are like the one before. Such a one is not taken apart key by key, but held against what is
 * expected, as TCP does with headers (Jacobson's header prediction). A wrong guess costs a few comparisons.
 * Shapes are made of what a program declares, never of what a peer sends.
 */
import { ByteWriter } from "./byte-writer.ts";
import { FixedBytes } from "./fixed-bytes.ts";
import { keyToText } from "./key-text.ts";
import type { ProtocolFields } from "./protocol-fields.ts";
import { ANSWER, ASK, COMMAND, ERROR } from "./protocol-keys.ts";

/** The length of a value stands before it. */
const LENGTH_BYTES = 2;

export interface ExpectedKey {
  readonly name: string;
  /** As it stands in a box, with its length before it. */
  readonly header: Uint8Array;
  /** Where it never changes. */
  readonly value?: Uint8Array | undefined;
}

/** A key, and the value where that never changes. */
export interface Part {
  readonly fixed: FixedBytes;
  /** Bytes from the beginning of the part to the value. */
  readonly valueAt: number;
  /** Bytes from there to the end of a value that never changes; 0 for any other. */
  readonly endsAt: number;
}

export class ExpectedBox implements ProtocolFields {
  readonly parts: readonly Part[];
  readonly ask: number;
  readonly answer: number;
  readonly command: number;
  readonly error: number;
  /** The name of the command that all these boxes bear; undefined where they bear none. */
  readonly commandName: string | undefined;
  /** Who has declared it, and knows what {@link places} are. */
  readonly owner: object;
  /** Which part each of the owner's fields is. */
  readonly places: readonly number[];

  /**
   * @param keys all there are, in byte order
   * @param fields names of the owner's fields
   */
  constructor(keys: readonly ExpectedKey[], owner: object, fields: readonly string[]) {
    const names = keys.map(({ name }) => name);
    this.parts = keys.map(partOf);
    this.ask = names.indexOf(ASK);
    this.answer = names.indexOf(ANSWER);
    this.command = names.indexOf(COMMAND);
    this.error = names.indexOf(ERROR);
    const value = keys[this.command]?.value;
    this.commandName = value && keyToText(value, 0, value.length);
    this.owner = owner;
    this.places = fields.map((name) => names.indexOf(name));
  }
}

function partOf({ header, value }: ExpectedKey): Part {
  const valueAt = header.length + LENGTH_BYTES;
  if (value === undefined) return { fixed: new FixedBytes(header), valueAt, endsAt: 0 };
  const out = new ByteWriter();
  out.append(header);
  out.uint16(value.length);
  out.append(value);
  return { fixed: new FixedBytes(out.copy()), valueAt, endsAt: out.length };
}
