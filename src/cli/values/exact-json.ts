/** Parses JSON and rejects integers that JavaScript would round. A number such as 1e400 is infinity, for which JSON has no name. */
import { shortText } from "../print/values.ts";

/** An escaped character, the beginning or end of a text, or a number. A pattern for whole texts would exhaust the stack. */
const TOKENS = /\\.|"|-?\d[\d.eE+-]*/g;
/** Characters of a number that an error shows. */
const MAX_SHOWN = 40;

/** @throws SyntaxError for malformed JSON, RangeError for an integer that a JavaScript number cannot represent exactly */
export function exactJSON(text: string): unknown {
  const json: unknown = JSON.parse(text);
  let inText = false;
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '"') inText = !inText;
    else if (!inText) checkNumber(token);
  }
  return json;
}

function checkNumber(number: string): void {
  const value = Number(number);
  const shown = shortText(number, MAX_SHOWN);
  const isRounded = /^-?\d+$/.test(number) && !Number.isSafeInteger(value) && String(value) !== number;
  if (isRounded) throw new RangeError(`${shown} has too many digits for a JSON number`);
}

/** Returns the text of a number as AMP writes it: an integer without an exponent. */
export function numberText(value: number): string {
  return Number.isInteger(value) ? String(BigInt(value)) : String(value);
}
