/**
 * Generates the JavaScript that scans and reads one kind of box. It does what the loops of the core do, with keys and constants
 * as numbers in the code, and is two to three times as fast.
 *
 * It is generated from the description that the loops use, the entries of an `ExpectedBox`. If a box is unusual, the code
 * returns false before it has changed anything, and the loops run.
 */
import { countElements } from "../../core/wire/elements.ts";
import type { FastBox, FastField, FastReader } from "../../core/wire/fast-paths.ts";
import { compile, literal } from "./compile.ts";
import { differences } from "./constant-bytes.ts";

const WORD_BYTES = 4;

/** The description of a box, as the code for reading needs it. */
interface Reading {
  readonly box: FastBox;
  readonly fields: readonly FastField[];
  /** For each entry the index of its field; -1 for a key of the protocol. */
  readonly fieldOfEntry: readonly number[];
}

/** Returns the code that scans and reads one kind of box. @throws as {@link compile} */
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
