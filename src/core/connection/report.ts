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
/** Characters of a stack that a warning shows. */
const MAX_STACK_CHARACTERS = 5_000;

/** Errors that an `onError` has handled. A connection under a BoxDispatcher gets them a second time. */
const handled = new WeakSet<object>();

let since = 0;
let made = 0;
let lost = 0;

/** Calls `onError`. Emits a warning if there is none, and if `onError` itself throws or rejects. Never throws. */
export function reportError(
  onError: ConnectionOptions["onError"],
  error: unknown,
  about: ErrorContext,
): void {
  const known = Object(error) === error ? (error as object) : undefined; // the cast: checked just before
  if (onError === undefined) {
    if (known === undefined || !handled.has(known))
      warnAbout("set onError to handle such errors", error, about);
    return;
  }
  const failed = (thrown: unknown) => {
    warnAbout("thrown by onError", thrown, about);
    warnAbout("onError did not handle it", error, about);
  };
  try {
    // A JavaScript program may pass an async function.
    Promise.resolve(onError(error, about)).catch(failed);
    if (known !== undefined) handled.add(known);
  } catch (thrown) {
    failed(thrown);
  }
}

function warnAbout(remark: string, error: unknown, about: ErrorContext): void {
  const { command = "ampwire", connection, remoteAddress = connection?.remoteAddress } = about;
  const now = Date.now();
  if (Math.abs(now - since) >= WINDOW_MS) {
    since = now;
    made = 0;
  }
  if (++made > MAX_WARNINGS_PER_SECOND) return void lost++;
  const peer = remoteAddress === undefined ? "" : `, peer ${addressText(remoteAddress)}`;
  const id = connection === undefined ? "" : `, connection ${connection.id}`;
  const more = lost === 0 ? "" : `; ${lost} more errors were not shown`;
  lost = 0;
  let text = messageOf(error);
  let stack = "";
  try {
    text = String(error);
    // The message may contain text of a peer, so each line is escaped.
    if (isError(error))
      stack = String(error.stack).slice(0, MAX_STACK_CHARACTERS).split("\n").map(safeText).join("\n");
  } catch {
    // A getter of the program has thrown.
  }
  warn(`${shownText(command)}${peer}${id}: ${shownText(text, 1_000)} (${remark}${more})`, stack, error);
}

function addressText(address: Address): string {
  if (typeof address === "string") return safeText(address);
  return address.family === "IPv6"
    ? `[${address.address}]:${address.port}`
    : `${address.address}:${address.port}`;
}
