/**
 * Generates the JavaScript that writes one kind of box. It does what the loops of the core do, with keys and constants as
 * numbers in the code, and is two to three times as fast.
 *
 * It is generated from the description that the loops use, the steps of a `BoxTemplate`. If the values are unusual, the code
 * returns false before it has changed anything, and the loops run. `test/node/generated-code.test.ts` compares both, and prints
 * the code for a command.
 *
 * For an ask with an integer `a`, the writer is:
 *
 *     function write(out, tag, values) {
 *       if (typeof values !== "object" || values === null) return false;
 *       let value0;
 *       try {
 *         value0 = values["a"];
 *         if (value0 === undefined || Symbol.iterator in values) return false;
 *         for (const name in values) if (name !== "a") return false;
 *       } catch { return false; }
 *       const start = out.length;
 *       let at = start, end = start, field = 0;
 *       try {
 *         out.reserve(55);
 *         let { bytes, view } = out;
 *         view.setFloat64(at + 0, 5.83705453360685e-310, true); // \0 \4 _ a s k \0 \0: the key, and the length of the tag
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

import type { FastField, FastStep, FastTemplate, FastWrite } from "../../core/wire/fast-paths.ts";
import { compile, literal, type Scope } from "./compile.ts";
import { SPILLED_BYTES, storeLines } from "./constant-bytes.ts";
import { fastWrites, writeValue } from "./put-values.ts";
import { PUT_TAG_BYTES, putTag, tagCodec } from "./tags.ts";

/** Number of names up to which each name of an object is compared with all of them. */
const MAX_COMPARED = 6;

/** Returns the code that writes one kind of box. @throws as {@link compile} */
export function generateWriter({ set, steps }: FastTemplate): FastWrite {
  const { fields, names, exact } = set;
  const scope: Record<string, unknown> = { names, hasOnly, writeValue, tagCodec, putTag };
  scope.failure = (index: number, cause: unknown) => set.failure((fields[index] as FastField).name, cause);
  let room = SPILLED_BYTES;
  for (const { fixed, tag } of steps) room += fixed.length + (tag ? PUT_TAG_BYTES : 0);
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
  const refused = [...required, ...present, isIterable];
  const lines = [
    "return function write(out, tag, values) {",
    'if (typeof values !== "object" || values === null) return false;',
    ...fields.map((_, index) => `let value${index};`),
    "try {",
    ...fields.map(({ name }, index) => `value${index} = values[${literal(name)}];`),
    `if (${refused.join(" || ")}) return false;`,
    ...(exact ? [onlyLine(names)] : []),
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
  return compile(scope, lines) as FastWrite; // the first line declares it
}

/** @param index of the step's field among the fields */
function stepLines({ fixed, field, tag }: FastStep, index: number, scope: Scope, room: number): string[] {
  const lines = [...storeLines(fixed), `at += ${fixed.length};`];
  if (tag) lines.push(...valueLines("tag", "tagCodec", "putTag(bytes, view, at, tag)", room));
  if (field === undefined) return lines;
  const put = `put${index}`;
  lines.push(`field = ${index};`);
  const call = put in scope ? `${put}(bytes, at, value${index}, view)` : undefined;
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

/** Line that refuses an object that lists another name. */
function onlyLine(names: readonly string[]): string {
  if (names.length > MAX_COMPARED) return "if (!hasOnly(names, values)) return false;";
  const differences = names.map((name) => `name !== ${literal(name)}`);
  return `for (const name in values) if (${differences.join(" && ") || "true"}) return false;`;
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
