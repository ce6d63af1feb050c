/** Reports of errors that no caller receives: to `onError`, or as a warning of the platform. */
import { safeText, shownText } from "../errors/safe-text.ts";
import { isError, messageOf } from "../errors/to-error.ts";
import { warn } from "../platform.ts";
import type { Address } from "../transport.ts";
import type { ConnectionOptions, ErrorContext } from "./options.ts";

/** Milliseconds over which warnings are counted. */
const WINDOW_MS = 1_000;
/** Warnings of the process in one second. */
const MAX_WARNINGS_PER_SECOND = 20;
/** Lines of a stack that a warning shows. */
const MAX_STACK_LINES = 30;
/** Characters of one of these lines. */
const MAX_LINE_CHARACTERS = 500;

/** Errors that an `onError` has handled. A connection under a BoxDispatcher gets them a second time. */
const handled = new WeakSet<object>();

let since = Number.NEGATIVE_INFINITY;
let made = 0;
let lost = 0;

/** Calls `onError`. Emits a warning if there is none, and if `onError` itself throws or rejects. Never throws. */
export function reportError(
  onError: ConnectionOptions["onError"],
  error: unknown,
  about: ErrorContext,
): void {
  const isObject = typeof error === "object" && error !== null;
  if (onError === undefined) {
    if (!isObject || !handled.has(error)) warnAbout("set onError to handle such errors", error, about);
    return;
  }
  const failed = (thrown: unknown) => {
    warnAbout("thrown by onError", thrown, about);
    warnAbout("onError did not handle it", error, about);
  };
  try {
    // A JavaScript program may pass an async function.
    const result: unknown = onError(error, about);
    if (typeof result === "object" && result !== null) Promise.resolve(result).catch(failed);
    if (isObject) handled.add(error);
  } catch (thrown) {
    failed(thrown);
  }
}

function warnAbout(remark: string, error: unknown, about: ErrorContext): void {
  const now = Date.now();
  if (!(Math.abs(now - since) < WINDOW_MS)) {
    since = now;
    made = 0;
  }
  if (++made > MAX_WARNINGS_PER_SECOND) return void lost++;
  const more = lost === 0 ? "" : `; ${lost} more errors were not shown`;
  lost = 0;
  warn(`${placeOf(about)}: ${shownError(error)} (${remark}${more})`, stackOf(error), error);
}

/** The command, the peer and the connection, for example `Divide, peer 127.0.0.1:50344, connection c3`. */
function placeOf({ command, connection, remoteAddress = connection?.remoteAddress }: ErrorContext): string {
  return [
    command === undefined ? "ampwire" : shownText(command),
    ...(remoteAddress === undefined ? [] : [`peer ${addressText(remoteAddress)}`]),
    ...(connection?.id === undefined ? [] : [`connection ${connection.id}`]),
  ].join(", ");
}

function addressText(address: Address): string {
  if (typeof address === "string") return safeText(address);
  return `${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`;
}

function shownError(error: unknown): string {
  try {
    if (isError(error)) return shownText(String(error), 1_000);
  } catch {
    // `toString` of the program has thrown.
  }
  return `a value that is not an error was thrown: ${shownText(messageOf(error))}`;
}

/** Returns the stack with the text of each line escaped: the message may contain text of a peer. */
function stackOf(error: unknown): string {
  let stack: unknown;
  try {
    stack = isError(error) ? error.stack : undefined;
  } catch {
    // A getter of the program has thrown.
  }
  const lines = typeof stack === "string" ? stack.split("\n", MAX_STACK_LINES) : [];
  return lines.map((line) => shownText(line, MAX_LINE_CHARACTERS)).join("\n");
}
