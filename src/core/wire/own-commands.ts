/**
 * The library's own commands on the wire: the key by which an end shows that it knows them, and the ask for GoAway. SPEC.md
 * describes both. No codec is used, so that a page which only calls does not load one for them.
 */
import { utf8Encoder, utf8Lenient } from "../platform.ts";
import { keyPattern } from "./box-writer.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { FixedBytes } from "./fixed-bytes.ts";
import type { Frame } from "./frame.ts";
import { keyToText } from "./key-text.ts";

/** The command that asks the peer to begin no new call. */
export const GO_AWAY = "ampwire.GoAway";

/** Key by which an end shows that it knows the commands `ampwire.*`. */
export const SHOWN_KEY = "_m.ampwire";

const END_BYTES = 2;
const shownKey = keyPattern(SHOWN_KEY);
const reasonKey = keyPattern("reason");
/** The key, its value `1`, and the end of the box. */
const keyAndEnd = new FixedBytes(utf8Encoder.encode(`\0\x0a${SHOWN_KEY}\0\x011\0\0`));

/** Adds the key to the last box, after all other keys: some implementations of AMP need it there. */
export function addShownKey(out: ByteWriter): void {
  out.length -= END_BYTES; // not `truncate`: a large value may be attached at the end
  out.appendFixed(keyAndEnd);
}

/** Returns true if the box has the key. It is then removed if it is the last one: it concerns only this connection. */
export function takeShownKey(frame: Frame): boolean {
  const index = frame.indexOf(shownKey);
  if (index >= 0 && index === frame.count - 1) frame.count--;
  return index >= 0;
}

/** Runs for every unknown command, so it allocates nothing for names of another length. */
export function isGoAway(frame: Frame): boolean {
  const start = frame.valueStart(frame.command);
  const end = frame.valueEnd(frame.command);
  return end - start === GO_AWAY.length && keyToText(frame.bytes, start, end) === GO_AWAY;
}

/** Returns the argument `reason` of GoAway as text to append to a message. Empty if there is none. */
export function reasonOfGoAway(frame: Frame): string {
  const index = frame.indexOf(reasonKey);
  return index < 0 ? "" : `: ${utf8Lenient.decode(frame.value(index))}`;
}
