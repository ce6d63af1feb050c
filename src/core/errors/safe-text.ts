/** Escaping of a peer's text. It may contain anything, and messages are printed to terminals and to line-based logs. */

/** Matches a surrogate that is not half of a pair; the `u` flag makes pairs one character. */
export const LONE_SURROGATE = /\p{Surrogate}/u;
/** Matches a lone surrogate that does not stand for a byte: see `wire/key-text.ts`. */
export const UNENCODABLE = /[\ud800-\udc7f\udd00-\udfff]/u;
/** Line breaks, terminal control characters, characters that change the direction of text, and lone surrogates. */
export const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/gu;
/** Characters of a name, an error code or a key that a message shows. */
const MAX_NAME_CHARACTERS = 200;
/** Characters of a description that a message shows. */
export const MAX_DESCRIPTION_CHARACTERS = 1000;
/** Characters of a whole message: parts that no other limit covers, for example the text of a program's codec. */
export const MAX_MESSAGE_CHARACTERS = 2000;
const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Returns the text on one line, with every unsafe character escaped, for example as `\\n` or `\\x1b`. */
export function safeText(text: string): string {
  return text.replace(UNSAFE, (unit) => {
    const code = unit.charCodeAt(0).toString(16);
    return NAMED[unit] ?? (code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, "0")}`);
  });
}

/** The end of a text that was cut within an escape or a pair of surrogates. */
const CUT_WITHIN = /\\[xu]?[\da-f]{0,3}$|[\ud800-\udbff]$/;

/**
 * Returns text of a peer for a message, escaped as {@link safeText} does. If the result is longer than `max` characters, it is
 * cut, and the length of the original is added.
 */
export function shownText(text: string, max: number = MAX_NAME_CHARACTERS): string {
  const shown = safeText(text.slice(0, max)); // only what can be shown: escapes are longer than what they stand for
  if (text.length <= max && shown.length <= max) return shown;
  return `${shown.slice(0, max).replace(CUT_WITHIN, "")}… (${text.length} characters)`;
}
