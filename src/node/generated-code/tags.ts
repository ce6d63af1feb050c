/**
 * Tags of up to seven hexadecimal digits, four digits at a time: each step of a loop over the digits would cost V8 about 30
 * instructions. A connection needs eight digits after 268 million calls.
 */
import type { FastTag } from "../../core/wire/fast-paths.ts";
import { parseTag, writeTag } from "../../core/wire/tag.ts";

/** Maximum size of what {@link putTag} writes. */
export const PUT_TAG_BYTES = 8;

const WORD_BYTES = 4;
const MAX_DIGITS = 7;
const MAX_TAG = 0xfff_ffff;
/** Characters of four zeros. */
const ZEROS = 0x3030_3030;

/** The codec of tags that {@link putTag} does not write. */
export const tagCodec = { write: writeTag };

/** Writes a tag into memory with space for {@link PUT_TAG_BYTES}. Returns the end, or -1 for a tag that it does not write. */
export function putTag(to: Uint8Array, view: DataView, start: number, tag: FastTag): number {
  if (typeof tag === "number") return tag <= MAX_TAG ? putNumber(view, start, tag) : -1;
  const { bytes, view: from, start: at, end } = tag;
  if (end - at > PUT_TAG_BYTES) return -1;
  if (from !== undefined && at + PUT_TAG_BYTES <= bytes.length) {
    // Two words cost as much as two bytes in a loop. Later writes overwrite the bytes after the tag.
    view.setInt32(start, from.getInt32(at));
    view.setInt32(start + WORD_BYTES, from.getInt32(at + WORD_BYTES));
  } else for (let next = at; next < end; next++) to[start + next - at] = bytes[next] as number;
  return start + end - at;
}

function putNumber(view: DataView, start: number, tag: number): number {
  const digits = (35 - Math.clz32(tag)) >> 2;
  const more = digits - WORD_BYTES;
  // Calculated before `view` is read, which V8 would check again after a call.
  const first = charactersOf(more < 0 ? tag << (-4 * more) : tag >> (4 * more));
  const last = charactersOf(tag & 0xffff);
  // With fewer than four digits this writes zeros after the end. Later writes overwrite them.
  view.setInt32(start, first);
  if (more > 0) view.setInt32(start + more, last); // overlaps the first four
  return start + digits;
}

/**
 * Returns the tag that these bytes encode, or -1 if this end would not have written it so, as `parseTag` does. The bytes are a
 * value of a box, so that at least four bytes come before `end`.
 */
export function readTag(bytes: Uint8Array, view: DataView, start: number, end: number): number {
  const digits = end - start;
  if (digits < 1 || digits > MAX_DIGITS) return parseTag(bytes, start, end);
  const last = view.getInt32(end - WORD_BYTES);
  if (digits <= WORD_BYTES) {
    const before = digits === WORD_BYTES ? 0 : -1 << (8 * digits); // bits of what comes before the tag
    const tag = numberOf((last & ~before) | (ZEROS & before));
    return tag >> (4 * (digits - 1)) > 0 ? tag : -1; // the first digit is not 0
  }
  const first = numberOf(view.getInt32(start));
  const lastDigits = numberOf(last);
  return first >> 12 > 0 && lastDigits >= 0 ? (first << (4 * (digits - WORD_BYTES))) | lastDigits : -1;
}

/** Returns the characters of four digits, the first one in the highest byte. */
function charactersOf(value: number): number {
  const pairs = ((value << 8) | value) & 0x00ff_00ff;
  return encoded(((pairs << 4) | pairs) & 0x0f0f_0f0f);
}

/** Returns the value of four characters, or -1 if they are not digits that {@link charactersOf} writes. */
function numberOf(characters: number): number {
  // A letter has the bit 0x40, and its lowest bits are 1 to 6.
  const digits = (characters & 0x0f0f_0f0f) + ((characters >> 6) & 0x0101_0101) * 9;
  if ((digits & 0x1010_1010) !== 0 || encoded(digits) !== characters) return -1;
  const pairs = ((digits >> 4) | digits) & 0x00ff_00ff;
  return ((pairs >> 8) | pairs) & 0xffff;
}

/** Returns the characters of digits, each in a byte of its own. */
function encoded(digits: number): number {
  const letters = ((digits + 0x0606_0606) >> 4) & 0x0101_0101; // 1 in each byte over 9
  return (digits + ZEROS + Math.imul(letters, 0x27)) | 0; // 0x27: from the character after 9 to `a`
}
