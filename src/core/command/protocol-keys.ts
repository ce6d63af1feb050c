/** The keys that AMP keeps for itself, as in `twisted.protocols.amp`. */
import { textToKey } from "../wire/key-text.ts";

export const ASK = "_ask";
export const ANSWER = "_answer";
export const COMMAND = "_command";
export const ERROR = "_error";
export const ERROR_CODE = "_error_code";
export const ERROR_DESCRIPTION = "_error_description";

export const PROTOCOL_KEYS: ReadonlySet<string> = new Set([
  ASK,
  ANSWER,
  COMMAND,
  ERROR,
  ERROR_CODE,
  ERROR_DESCRIPTION,
]);

/** The same as bytes, for looking them up in a frame. */
export const keys = {
  ask: textToKey(ASK),
  answer: textToKey(ANSWER),
  command: textToKey(COMMAND),
  error: textToKey(ERROR),
  errorCode: textToKey(ERROR_CODE),
  errorDescription: textToKey(ERROR_DESCRIPTION),
};
