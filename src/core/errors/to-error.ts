/**
 * Conversion of thrown values to errors. A program may throw any value, and even reading it may throw: a revoked proxy, an
 * object without a prototype, a `message` getter. These functions never throw, because a call waits for its answer.
 */

export function isError(thrown: unknown): thrown is Error {
  try {
    // An error of another realm is recognized by its kind.
    return (
      thrown instanceof Error ||
      /^\[object (?:Error|DOMException)\]$/.test(Object.prototype.toString.call(thrown))
    );
  } catch {
    return false;
  }
}

/** Returns the value itself if it is an error, else an error with the value as `cause`. Never throws. */
export function toError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(messageOf(thrown), { cause: thrown });
}

/** Returns the text of a thrown value, for use in the message of another error. Never throws. */
export function messageOf(thrown: unknown): string {
  try {
    return String(isError(thrown) ? thrown.message : thrown);
  } catch {
    return "a value that cannot be converted to text was thrown";
  }
}
