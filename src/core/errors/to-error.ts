/**
 * What a program has thrown. It need not be an error, and looking at it may throw again: a proxy that was revoked, an
 * object without prototype, a message with a getter. Whatever it is, somebody waits for an answer.
 */

export function isError(thrown: unknown): thrown is Error {
  try {
    return thrown instanceof Error;
  } catch {
    return false;
  }
}

/** Itself where it is an error, else an error that tells of it. Never throws. */
export function toError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(messageOf(thrown), { cause: thrown });
}

/** What it says, for the message of another error. Never throws. */
export function messageOf(thrown: unknown): string {
  try {
    return String(isError(thrown) ? thrown.message : thrown);
  } catch {
    return "something without a text was thrown";
  }
}
