/**
 * The keys of a box that is expected next, in wire order, and its values that never change.
 *
 * Most boxes on a connection are like the box before. Such a box is not parsed key by key but compared with the expected
 * box, as TCP does with headers (Jacobson's header prediction). A wrong prediction costs a few comparisons.
 * Expected boxes are made from the commands of the program, never from data of the peer.
 */
import { ByteWriter } from "./byte-writer.ts";
import type { FastBox, FastEntry, FastFields, FastKey, FastReader } from "./fast-paths.ts";
import { FixedBytes } from "./fixed-bytes.ts";
import { keyToText } from "./key-text.ts";
import { ANSWER, ASK, COMMAND, ERROR, type ProtocolFields } from "./protocol-keys.ts";

const LENGTH_BYTES = 2;

export class ExpectedBox implements FastBox, ProtocolFields {
  readonly entries: readonly FastEntry[];
  readonly ask: number;
  readonly answer: number;
  readonly command: number;
  readonly error: number;
  /** Command name in these boxes; undefined if they have none. */
  readonly commandName: string | undefined;
  /** The set of fields that this box was made from. It alone can use {@link entryOfField}. */
  readonly owner: FastFields;
  /** Index of the entry of each of the owner's fields. */
  readonly entryOfField: readonly number[];

  uses = 0;
  next: ExpectedBox | undefined = undefined;
  fastReader: FastReader | undefined = undefined;

  /** @param keys all keys, in byte order */
  constructor(keys: readonly FastKey[], owner: FastFields) {
    const names = keys.map(({ name }) => name);
    this.entries = keys.map(entryOf);
    this.ask = names.indexOf(ASK);
    this.answer = names.indexOf(ANSWER);
    this.command = names.indexOf(COMMAND);
    this.error = names.indexOf(ERROR);
    const value = keys[this.command]?.value;
    this.commandName = value && keyToText(value, 0, value.length);
    this.owner = owner;
    this.entryOfField = owner.fields.map(({ name }) => names.indexOf(name));
  }
}

function entryOf({ header, value }: FastKey): FastEntry {
  const valueOffset = header.length + LENGTH_BYTES;
  if (value === undefined) return { fixed: new FixedBytes(header), valueOffset, fixedEnd: 0 };
  const out = new ByteWriter();
  out.append(header);
  out.uint16(value.length);
  out.append(value);
  return { fixed: new FixedBytes(out.copy()), valueOffset, fixedEnd: out.length };
}
