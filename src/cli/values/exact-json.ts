/** JSON as it is typed, with no number in it that would be sent as another one. */

const TEXTS = /"(?:[^"\\]|\\.)*"/g;
const NUMBERS = /-?\d[\d.eE+-]*/g;

/**
 * @throws SyntaxError for what is no JSON, RangeError for a whole number with more digits than JavaScript's numbers have
 * room for
 */
export function exactJSON(text: string): unknown {
  const json: unknown = JSON.parse(text);
  for (const [number] of text.replaceAll(TEXTS, "").matchAll(NUMBERS)) {
    if (isRounded(number)) throw new RangeError(`${number} has too many digits for a number`);
  }
  return json;
}

function isRounded(number: string): boolean {
  const value = Number(number);
  return /^-?\d+$/.test(number) && !Number.isSafeInteger(value) && String(value) !== number;
}
