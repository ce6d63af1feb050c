/**
 * Generates JavaScript for one kind of box: a writer, or a scanner with a reader. The code does what the loops of the core
 * do, with keys and constants as numbers in the code, and is two to three times as fast.
 *
 * It is generated from the description that the loops use: the steps of a `BoxTemplate`, the entries of an `ExpectedBox`. The
 * only texts in it are the names of fields, as escaped literals; nothing that a peer sends gets into it. Codecs and functions
 * reach it as parameters. If a box or its values are unusual, the code returns false before it has changed anything, and the
 * loops run. `test/node/generated-code.test.ts` compares both, and prints the code for a command.
 *
 * For an ask with an integer `a`, the writer is:
 *
 *     function write(out, tag, values) {
 *       if (typeof values !== "object" || values === null) return false;
 *       let value0;
 *       try {
 *         value0 = values["a"];
 *         if (value0 === undefined || Symbol.iterator in values || !hasOnly(names, values)) return false;
 *       } catch { return false; }
 *       const start = out.length;
 *       let at = start, end = start, field = 0;
 *       try {
 *         out.reserve(55);
 *         let { bytes, view } = out;
 *         view.setInt32(at, 1633616896, true); ...  // \0 \4 _ a, s k \0 \0: the key, and the length of the tag
 *         at += 8;
 *         end = putTag(bytes, view, at, tag);
 *         if (end < 0) { end = writeValue(out, at, tagCodec, tag, 55); ({ bytes, view } = out); }
 *         else bytes[at - 1] = end - at;
 *         at = end;
 *         ...                                       // the same for _command with its name, and for a
 *       } catch (error) { out.truncate(start); throw failure(field, error); }
 *       out.length = at;
 *       return true;
 *     }
 */
import { writeBoolean } from "../core/arguments/boolean.ts";
import { putShortFloat, SHORT_FLOAT_BYTES, writeFloat } from "../core/arguments/float.ts";
import { MAX_DIGITS_BYTES, putDigits, writeInteger } from "../core/arguments/integer.ts";
import { writeText } from "../core/arguments/unicode.ts";
import { tooLong } from "../core/schema/box-template.ts";
import { MAX_VALUE_LENGTH } from "../core/wire/box-limits.ts";
import { HEX_DIGITS, putHex } from "../core/wire/byte-writer.ts";
import { countElements } from "../core/wire/elements.ts";
import type {
  FastBox,
  FastField,
  FastOut,
  FastReader,
  FastStep,
  FastTag,
  FastTemplate,
} from "../core/wire/fast-paths.ts";
import type { FixedBytes } from "../core/wire/fixed-bytes.ts";
import { PUT_TEXT_BYTES, putShortText } from "../core/wire/short-text.ts";
import { writeTag } from "../core/wire/tag.ts";

const WORD_BYTES = 4;
const MAX_INT32 = 0x7fffffff;

/** Values that the code of one kind of box uses, by the names that it uses for them. */
type Scope = Readonly<Record<string, unknown>>;

/** Compiles code: the one place that does. @throws EvalError or TypeError if the process forbids it */
function compile(scope: Scope, lines: readonly string[]): unknown {
  // Constants, because V8 does not inline functions that could be replaced.
  const constants = `const { ${Object.keys(scope).join(", ")} } = scope;`;
  return new Function("scope", ['"use strict";', constants, ...lines].join("\n"))(scope);
}

/** Returns a text as a literal. JSON leaves U+2028 and U+2029 as they are, which older JavaScript takes for line breaks. */
function literal(text: string): string {
  return JSON.stringify(text).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

// Writing.

/** Writes most values of a type into bytes with space for them. Returns the end, or -1 for a value that it does not write. */
type Put = (bytes: Uint8Array, start: number, value: unknown) => number;

interface FastWrite {
  readonly put: Put;
  /** Maximum size of what `put` writes: at most 255. */
  readonly maxBytes: number;
}

const TRUE = [0x54, 0x72, 0x75, 0x65];
const FALSE = [0x46, 0x61, 0x6c, 0x73, 0x65];

/** By the function `write` of the codec. All other values are written by their codecs. */
const fastWrites = new Map<unknown, FastWrite>([
  [writeInteger, { put: putInteger, maxBytes: MAX_DIGITS_BYTES }],
  [writeFloat, { put: putFloat, maxBytes: SHORT_FLOAT_BYTES }],
  [writeText, { put: putText, maxBytes: PUT_TEXT_BYTES }],
  [writeBoolean, { put: putBoolean, maxBytes: FALSE.length }],
]);

function putInteger(bytes: Uint8Array, start: number, value: unknown): number {
  const fits = typeof value === "number" && value >= 0 && value <= MAX_INT32 && Number.isInteger(value);
  return fits ? putDigits(bytes, start, value) : -1;
}

function putFloat(bytes: Uint8Array, start: number, value: unknown): number {
  return typeof value === "number" ? putShortFloat(bytes, start, value) : -1;
}

function putText(bytes: Uint8Array, start: number, value: unknown): number {
  return typeof value === "string" ? putShortText(bytes, start, value) : -1;
}

function putBoolean(bytes: Uint8Array, start: number, value: unknown): number {
  if (typeof value !== "boolean") return -1;
  const word = value ? TRUE : FALSE;
  for (let index = 0; index < word.length; index++) bytes[start + index] = word[index] as number;
  return start + word.length;
}

const tagCodec = { write: writeTag };

/** Writes a tag of up to `HEX_DIGITS` bytes to memory with space for as many. Returns the end, or -1 for another tag. */
function putTag(to: Uint8Array, view: DataView, start: number, tag: FastTag): number {
  if (typeof tag === "number") return tag <= MAX_INT32 ? putHex(to, start, tag) : -1;
  const { bytes, view: from, start: at, end } = tag;
  if (end - at > HEX_DIGITS) return -1;
  if (from !== undefined && at + HEX_DIGITS <= bytes.length) {
    // Two words cost as much as two bytes in a loop. What follows the tag in them is overwritten.
    view.setInt32(start, from.getInt32(at));
    view.setInt32(start + WORD_BYTES, from.getInt32(at + WORD_BYTES));
  } else for (let next = at; next < end; next++) to[start + next - at] = bytes[next] as number;
  return start + end - at;
}

/** Writes a value with its codec, and then its length. Reserves space for what follows. Returns the end. */
function writeValue(
  out: FastOut,
  start: number,
  codec: { write(value: unknown, out: FastOut): void },
  value: unknown,
  room: number,
): number {
  out.length = start;
  codec.write(value, out);
  const length = out.endCounted(start - 2);
  if (!(length <= MAX_VALUE_LENGTH)) throw tooLong(length); // NaN if the codec has appended something else than bytes
  out.reserve(room);
  return out.length;
}

/** Returns true if an object lists no other names. Most objects list them in the order of the declaration. */
function hasOnly(names: readonly string[], values: object): boolean {
  let expected = 0;
  for (const name in values) {
    const index = name === names[expected] ? expected : names.indexOf(name);
    if (index < 0) return false;
    expected = index + 1;
  }
  return true;
}

/** @throws as {@link compile} */
export function generateWriter({ set, steps }: FastTemplate): NonNullable<FastTemplate["fastWrite"]> {
  const { fields, names, exact } = set;
  const scope: Record<string, unknown> = { names, hasOnly, writeValue, tagCodec, putTag };
  scope.failure = (index: number, cause: unknown) => set.failure((fields[index] as FastField).name, cause);
  let room = WORD_BYTES; // a word may be stored up to 3 bytes beyond its end
  for (const { fixed, tag } of steps) room += fixed.length + (tag ? HEX_DIGITS : 0);
  for (const [index, { codec }] of fields.entries()) {
    scope[`codec${index}`] = codec;
    const fast = fastWrites.get(codec.write);
    if (fast !== undefined) scope[`put${index}`] = fast.put;
    room += fast?.maxBytes ?? 0;
  }
  const required = fields.flatMap(({ optional }, index) => (optional ? [] : [`value${index} === undefined`]));
  // Local fields are not sent, but the loops read them.
  const locals = names.filter((name) => fields.every((field) => field.name !== name));
  const present = locals.map((name) => `${literal(name)} in values`);
  // The loops refuse a Map or an array of values, even if it has the required ones as hidden properties.
  const isIterable = "Symbol.iterator in values";
  const refused = [...required, ...present, isIterable, ...(exact ? ["!hasOnly(names, values)"] : [])];
  const lines = [
    "return function write(out, tag, values) {",
    'if (typeof values !== "object" || values === null) return false;',
    ...fields.map((_, index) => `let value${index};`),
    "try {",
    ...fields.map(({ name }, index) => `value${index} = values[${literal(name)}];`),
    `if (${refused.join(" || ")}) return false;`,
    "} catch { return false; }",
    "const start = out.length;",
    "let at = start, end = start, field = 0;",
    "try {",
    `out.reserve(${room});`,
    "let { bytes, view } = out;",
    ...steps.flatMap((step) => stepLines(step, step.field ? fields.indexOf(step.field) : -1, scope, room)),
    "} catch (error) { out.truncate(start); throw failure(field, error); }",
    "out.length = at;",
    "return true;",
    "};",
  ];
  return compile(scope, lines) as NonNullable<FastTemplate["fastWrite"]>; // the first line declares it
}

/** @param index of the step's field among the fields */
function stepLines({ fixed, field, tag }: FastStep, index: number, scope: Scope, room: number): string[] {
  const words = Array.from(
    fixed.words,
    (word, at) => `view.setInt32(at + ${at * WORD_BYTES}, ${word}, true);`,
  );
  const lines = [...words, `at += ${fixed.length};`];
  if (tag) lines.push(...valueLines("tag", "tagCodec", "putTag(bytes, view, at, tag)", room));
  if (field === undefined) return lines;
  const put = `put${index}`;
  lines.push(`field = ${index};`);
  const call = put in scope ? `${put}(bytes, at, value${index})` : undefined;
  lines.push(...valueLines(`value${index}`, `codec${index}`, call, room));
  return field.optional ? [`if (value${index} !== undefined) {`, ...lines, "}"] : lines;
}

/** @param put call that returns the end of the value, or -1 if the codec has to write it */
function valueLines(value: string, codec: string, put: string | undefined, room: number): string[] {
  const byCodec = `end = writeValue(out, at, ${codec}, ${value}, ${room}); ({ bytes, view } = out);`;
  if (put === undefined) return [byCodec, "at = end;"];
  // The high byte of the length is 0 already.
  return [`end = ${put};`, `if (end < 0) { ${byCodec} }`, "else bytes[at - 1] = end - at;", "at = end;"];
}

// Reading.

/** The description of a box, as the code for reading needs it. */
interface Reading {
  readonly box: FastBox;
  readonly fields: readonly FastField[];
  /** For each entry the index of its field; -1 for a key of the protocol. */
  readonly fieldOfEntry: readonly number[];
}

/** @throws as {@link compile} */
export function generateReader(box: FastBox): FastReader {
  const { owner, entries, entryOfField } = box;
  const { fields } = owner;
  const reading = { box, fields, fieldOfEntry: entries.map((_, entry) => entryOfField.indexOf(entry)) };
  const scope: Record<string, unknown> = { countElements };
  scope.failure = (index: number, cause: unknown) => owner.failure((fields[index] as FastField).name, cause);
  for (const [index, { codec, optional, pattern }] of fields.entries()) {
    scope[`codec${index}`] = codec;
    if (optional) scope[`key${index}`] = pattern;
  }
  const isRow = fields.length === entries.length;
  const rowLines = isRow ? [",", ...readRowsLines(reading)] : [];
  // The object has these functions.
  return compile(scope, [
    "return {",
    ...scanLines(reading),
    ",",
    ...readLines(reading),
    ...rowLines,
    "};",
  ]) as FastReader;
}

/** Function that stores where the keys and values of a box are, for `read` and for the rest of the connection. */
function scanLines(reading: Reading): string[] {
  const { box } = reading;
  const found = (["ask", "answer", "command"] as const).filter((name) => box[name] >= 0);
  return [
    "scan(frame, end) {",
    "const { view, offsets } = frame;",
    "let at = frame.cursor, start = 0, next = 0, count = 0;",
    ...found.map((name) => `let ${name} = -1;`),
    ...parseLines(reading, "return false;", (entry) => [
      ...found.filter((name) => box[name] === entry).map((name) => `${name} = count;`),
      "offsets[count * 3] = at + 2; offsets[count * 3 + 1] = start; offsets[count * 3 + 2] = next;",
    ]),
    "frame.cursor = at + 2;",
    "frame.count = count;",
    ...found.map((name) => `frame.${name} = ${name};`),
    "return true;",
    "}",
  ];
}

/** Function that returns the values of a box that `scan` has parsed. */
function readLines(reading: Reading): string[] {
  const { fields, fieldOfEntry } = reading;
  return [
    "read(frame) {",
    "const { bytes, offsets } = frame;",
    "let index = 0, field = 0;",
    ...declarations(fields),
    "try {",
    ...fieldOfEntry.flatMap((index) => {
      const field = fields[index];
      if (field === undefined) return ["index++;"];
      const line = valueLine(index, field, "offsets[index * 3 + 1]", "offsets[index * 3 + 2]");
      if (!field.optional) return [line, "index++;"];
      return [`if (index < frame.count && frame.keyIs(index, key${index})) {`, line, "index++;", "}"];
    }),
    "} catch (error) { throw failure(field, error); }",
    ...resultLines(fields),
    "return result;",
    "}",
  ];
}

/** Function that reads a list of such boxes up to the first one that is not as expected. */
function readRowsLines(reading: Reading): string[] {
  const { fields, fieldOfEntry } = reading;
  return [
    "readRows(frame, end, rows) {",
    "const { bytes, view } = frame;",
    "for (let at = frame.cursor; at < end; frame.cursor = at) {",
    "let start = 0, next = 0, count = 0, field = 0;",
    ...declarations(fields),
    ...fields.map((_, index) => `let start${index} = -1, end${index} = 0;`),
    ...parseLines(reading, "return;", (entry) => {
      const field = fieldOfEntry[entry];
      return [`start${field} = start; end${field} = next;`];
    }),
    "at += 2;",
    "countElements(1 + count);",
    "try {",
    ...fields.map((field, index) => {
      const line = valueLine(index, field, `start${index}`, `end${index}`);
      return field.optional ? `if (start${index} >= 0) { ${line} }` : line;
    }),
    "} catch (error) { throw failure(field, error); }",
    ...resultLines(fields),
    "rows.push(result);",
    "}",
    "}",
  ];
}

/**
 * Lines that compare the box at `at` with the expected one, up to its end.
 * @param otherwise statement for another box
 * @param store lines for the entry whose key is at `at`, and its value from `start` to `next`
 */
function parseLines(
  { box, fields, fieldOfEntry }: Reading,
  otherwise: string,
  store: (entry: number) => string[],
) {
  const lines = box.entries.flatMap(({ fixed, valueOffset, fixedEnd }, entry) => {
    const tests = [`at + ${fixed.length + WORD_BYTES} > end`, ...differences(fixed)];
    const differs = tests.join(" || ");
    const parsed = [
      `start = at + ${valueOffset};`,
      fixedEnd > 0
        ? `next = at + ${fixedEnd};`
        : `next = start + view.getUint16(start - 2); if (next + 2 > end) ${otherwise}`,
      ...store(entry),
      "at = next; count++;",
    ];
    return fields[fieldOfEntry[entry] as number]?.optional
      ? [`if (!(${differs})) {`, ...parsed, "}"]
      : [`if (${differs}) ${otherwise}`, ...parsed];
  });
  return [...lines, `if (at + 2 > end || view.getUint16(at) !== 0) ${otherwise}`];
}

/** Returns conditions that are true if the bytes at `at` differ. Bytes after the end of the last word are not compared. */
function differences({ words, length }: FixedBytes): string[] {
  return Array.from(words, (word, index) => {
    const used = length - index * WORD_BYTES;
    const read = `view.getInt32(at + ${index * WORD_BYTES}, true)`;
    return used < WORD_BYTES ? `(${read} & ${(1 << (8 * used)) - 1}) !== ${word}` : `${read} !== ${word}`;
  });
}

function declarations(fields: readonly FastField[]): string[] {
  return fields.map(({ optional }, index) => `let value${index}${optional ? `, has${index} = false` : ""};`);
}

function valueLine(field: number, { optional }: FastField, start: string, end: string): string {
  const line = `field = ${field}; value${field} = codec${field}.read(bytes, ${start}, ${end});`;
  return optional ? `${line} has${field} = true;` : line;
}

/** Lines that make the object of values. Its properties have the order that the loops give them. */
function resultLines(fields: readonly FastField[]): string[] {
  const firstOptional = fields.findIndex(({ optional }) => optional);
  const certain = firstOptional < 0 ? fields.length : firstOptional;
  const properties = fields.map(({ name }, index) => `${literal(name)}: value${index}`);
  return [
    `const result = { ${properties.slice(0, certain).join(", ")} };`,
    ...fields.slice(certain).map(({ name, optional }, more) => {
      const index = certain + more;
      const assignment = `result[${literal(name)}] = value${index};`;
      return optional ? `if (has${index}) ${assignment}` : assignment;
    }),
  ];
}
