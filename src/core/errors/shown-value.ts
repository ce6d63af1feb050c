/** Values of the program as text for messages. */

/** Characters of a value that a message shows. */
export const SHOWN_CHARACTERS = 40;

/** Returns any value of the program for a message. Never throws. */
export function shownValue(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "bigint") return shortened(`${value}n`);
  if (Object.is(value, -0)) return "-0";
  if (typeof value !== "object" || value === null)
    return typeof value === "function" ? "a function" : String(value);
  const tag = Object.prototype.toString.call(value).slice("[object ".length, -1);
  return Array.isArray(value) ? `an array of ${value.length}` : `an object (${tag})`;
}

/** Returns text in quotation marks, shortened. */
export function quoted(text: string): string {
  return JSON.stringify(shortened(text));
}

function shortened(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
