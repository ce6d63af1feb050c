/** The keys that AMP keeps for itself, as in `twisted.protocols.amp`. */

/** The tag of an ask that wants an answer. */
export const ASK = "_ask";
/** Makes a box an answer: the tag of what was asked. */
export const ANSWER = "_answer";
/** Makes a box an ask: the name of the command. */
export const COMMAND = "_command";
/** Makes a box an error: the tag of what was asked. */
export const ERROR = "_error";
/** In an error: what it is, for programs. */
export const ERROR_CODE = "_error_code";
/** In an error: what it is, for people. */
export const ERROR_DESCRIPTION = "_error_description";

export const PROTOCOL_KEYS: ReadonlySet<string> = new Set([
  ASK,
  ANSWER,
  COMMAND,
  ERROR,
  ERROR_CODE,
  ERROR_DESCRIPTION,
]);
