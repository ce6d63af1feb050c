/** Objects, property names and comments in TypeScript, with the layout of formatters. */

/** Writes an object on one line if it has one property, else each property on a line of its own. */
export function objectText(entries: readonly (readonly [string, string])[], indent: string): string {
  if (entries.length === 0) return "";
  const lines = entries.map(([name, text]) => `${property(name)}: ${text}`);
  if (lines.length === 1) return `{ ${lines[0]} }`;
  return `{\n${lines.map((line) => `${indent}  ${line},\n`).join("")}${indent}}`;
}

/** Returns a name as the name of a property, in quotes if it is not an identifier. */
export function property(name: string): string {
  if (name === "__proto__") return '["__proto__"]'; // the plain name would set the prototype, and drop the field
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

/** Returns a doc comment, or nothing for a missing text. */
export function comment(text: string | null | undefined): string {
  if (text === undefined || text === null) return "";
  const lines = text.replaceAll("*/", "* /").split("\n");
  if (lines.length === 1) return `/** ${lines[0]} */\n`;
  return `/**\n${lines.map((line) => ` * ${line}`.trimEnd()).join("\n")}\n */\n`;
}
