/** Text of a peer, for a message: it may hold anything, and messages go to terminals and into logs, a line each. */

/** What ends a line, moves a cursor, or turns the direction of what is written; and half of a character. */
export const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/gu;
const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Text on one line, with nothing in it that a terminal obeys: that is escaped. */
export function safeText(text: string): string {
  return text.replace(UNSAFE, (unit) => {
    const code = unit.charCodeAt(0).toString(16);
    return NAMED[unit] ?? (code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, "0")}`);
  });
}
