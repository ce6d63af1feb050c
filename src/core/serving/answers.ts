/** Answers and errors as boxes. */

import { BadLocalReturn } from "../errors/responder.ts";
import { isError, messageOf } from "../errors/to-error.ts";
import { utf8Encoder } from "../platform.ts";
import type { Values } from "../schema/field.ts";
import { Box } from "../wire/box.ts";
import { MAX_VALUE_LENGTH } from "../wire/box-limits.ts";
import { keyPattern, writeBox } from "../wire/box-writer.ts";
import { ByteWriter } from "../wire/byte-writer.ts";
import { textToKey } from "../wire/key-text.ts";
import { ANSWER, ERROR, ERROR_CODE, ERROR_DESCRIPTION } from "../wire/protocol-keys.ts";
import { appendShortText } from "../wire/short-text.ts";
import { type Tag, tagBytes, writeTag } from "../wire/tag.ts";
import { isMap, shownValue } from "../wire/value-text.ts";
import type { IncomingAsk } from "./incoming-ask.ts";

const errorKey = keyPattern(ERROR);
const errorCodeKey = keyPattern(ERROR_CODE);
const errorDescriptionKey = keyPattern(ERROR_DESCRIPTION);

/** @throws BadLocalReturn: nothing is appended */
export function writeAnswer(out: ByteWriter, ask: IncomingAsk, result: unknown, connection: unknown): void {
  const { command } = ask;
  out.busy = true;
  try {
    if (command !== undefined) command.writeAnswer(out, ask.tag, responseOf(ask.name, result), connection);
    else writeBoxAnswer(out, ask.tag, result);
  } catch (cause) {
    out.busy = false;
    throw badReturn(ask.name, cause);
  }
  out.busy = false;
}

/** Memory for answers that are not sent. */
let scratch = new ByteWriter();
/** Bytes over which the memory is not kept. */
const MAX_SCRATCH_BYTES = 4096;

/** Checks the result of an ask that wants no answer, as if it were sent. A raw responder may return anything. @throws BadLocalReturn */
export function checkResult(ask: IncomingAsk, result: unknown, connection: unknown): void {
  if (ask.command === undefined) return;
  try {
    writeAnswer(scratch, ask, result, connection);
  } finally {
    if (scratch.bytes.length > MAX_SCRATCH_BYTES) scratch = new ByteWriter();
    else scratch.truncate(0);
  }
}

function writeBoxAnswer(out: ByteWriter, tag: Tag, result: unknown): void {
  writeBox(out, new Box(boxOf(result)).set(ANSWER, tagBytes(tag)));
}

function badReturn(name: string, cause: unknown): BadLocalReturn {
  if (isError(cause) && cause instanceof BadLocalReturn) return cause;
  return new BadLocalReturn(
    `the responder of ${name} returned a value that cannot be sent: ${messageOf(cause)}`,
    {
      cause,
    },
  );
}

/** A responder of a command without response values may return undefined. */
export function responseOf(name: string, result: unknown): Values {
  if (result === undefined) return {};
  // The schema checks each value; it only needs an object.
  if (typeof result === "object" && result !== null) return result as Values;
  throw noObject(name, result);
}

function noObject(name: string, result: unknown): BadLocalReturn {
  return new BadLocalReturn(
    `the responder of ${name} returned ${shownValue(result)}, not an object of response values`,
  );
}

function boxOf(result: unknown): Box {
  // A Box of another copy of the package, or of another realm, is a map too.
  if (isMap(result)) return result as Box; // `new Box` checks keys and values

  throw new TypeError("a raw responder answers with a Box");
}

/** @param data the extra keys of a declared error with data */
export function writeError(
  out: ByteWriter,
  tag: Tag,
  code: string,
  description: string,
  data?: ReadonlyMap<string, Uint8Array>,
): void {
  if (data !== undefined && data.size > 0) {
    const box = new Box(data).set(ERROR, tagBytes(tag)).set(ERROR_CODE, codeBytes(code));
    writeBox(out, box.set(ERROR_DESCRIPTION, shortened(description)));
    return;
  }
  // Without a map, and short text without TextEncoder: a peer can cause an error with every box that it sends.
  out.appendFixed(errorKey);
  const start = out.beginCounted();
  writeTag(tag, out);
  out.endCounted(start);
  out.appendFixed(errorCodeKey);
  writeText(out, code, codeBytes);
  out.appendFixed(errorDescriptionKey);
  writeText(out, description, shortened);
  out.uint16(0);
}

/** Writes text as a value. @param encode for text that is long or has surrogates */
function writeText(out: ByteWriter, text: string, encode: (text: string) => Uint8Array): void {
  const start = out.beginCounted();
  if (!appendShortText(out, text)) out.append(encode(text));
  out.endCounted(start);
}

function codeBytes(code: string): Uint8Array {
  const bytes = textToKey(code);
  return bytes.length > MAX_VALUE_LENGTH ? shortened(code) : bytes;
}

/** UTF-8 of the text, cut between two characters if it is longer than a value may be. */
function shortened(text: string): Uint8Array {
  const whole = utf8Encoder.encode(text);
  if (whole.length <= MAX_VALUE_LENGTH) return whole;
  const cut = new Uint8Array(MAX_VALUE_LENGTH);
  return cut.subarray(0, utf8Encoder.encodeInto(text, cut).written);
}

/** Returns true for a promise, and for any other object with `then`. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
