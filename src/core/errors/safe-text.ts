/** Escaping of a peer's text. It may contain anything, and messages are printed to terminals and to line-based logs. */

/** Line breaks, terminal control characters, characters that change the direction of text, and lone surrogates. */
export const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/gu;
const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Returns the text on one line, with every unsafe character escaped, for example as `\\n` or `\\x1b`. */
export function safeText(text: string): string {
  return text.replace(UNSAFE, (unit) => {
    const code = unit.charCodeAt(0).toString(16);
    return NAMED[unit] ?? (code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, "0")}`);
  });
}
