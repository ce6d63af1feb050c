/** Parses JSON and rejects integers that JavaScript would round. */

const TEXTS = /"(?:[^"\\]|\\.)*"/g;
const NUMBERS = /-?\d[\d.eE+-]*/g;

/** @throws SyntaxError for malformed JSON, RangeError for an integer that a JavaScript number cannot represent exactly */
export function exactJSON(text: string): unknown {
  const json: unknown = JSON.parse(text);
  for (const [number] of text.replaceAll(TEXTS, "").matchAll(NUMBERS)) {
    if (isRounded(number)) throw new RangeError(`${number} has too many digits for a JSON number`);
  }
  return json;
}

function isRounded(number: string): boolean {
  const value = Number(number);
  return /^-?\d+$/.test(number) && !Number.isSafeInteger(value) && String(value) !== number;
}
