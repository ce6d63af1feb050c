/**
 * Code that stores or compares bytes that never change, eight or four at a time: V8 needs 14 to 18 instructions for the checks of
 * each store or read of a DataView, whatever its size.
 */
import type { FixedBytes } from "../../core/wire/fixed-bytes.ts";

const WORD_BYTES = 4;
const LONG_BYTES = 8;

/** Bytes that the last store may write after the constant. */
export const SPILLED_BYTES = LONG_BYTES - 1;

/** Returns lines that store the bytes at `at`. They may store up to {@link SPILLED_BYTES} zeros more. */
export function storeLines(fixed: FixedBytes): string[] {
  const view = paddedView(fixed);
  const lines: string[] = [];
  for (let from = 0; from < fixed.length; ) {
    const long = fixed.length - from > WORD_BYTES ? longAt(view, from) : undefined;
    lines.push(
      long === undefined
        ? `view.setInt32(at + ${from}, ${view.getInt32(from, true)}, true);`
        : `view.setFloat64(at + ${from}, ${long}, true);`,
    );
    from += long === undefined ? WORD_BYTES : LONG_BYTES;
  }
  return lines;
}

/** Returns conditions that are true if the bytes at `at` differ. They read no byte after the constant, but at least four. */
export function differences(fixed: FixedBytes): string[] {
  const { length } = fixed;
  const view = paddedView(fixed);
  const conditions: string[] = [];
  for (let next = 0; next < length; ) {
    // The last read overlaps the one before, so that it ends with the constant.
    const longFrom = Math.min(next, length - LONG_BYTES);
    const long = length - next > WORD_BYTES && longFrom >= 0 ? longAt(view, longFrom) : undefined;
    if (long === undefined) {
      const from = Math.max(0, Math.min(next, length - WORD_BYTES));
      const read = `view.getInt32(at + ${from}, true)`;
      const masked = length < WORD_BYTES ? `(${read} & ${(1 << (8 * length)) - 1})` : read;
      conditions.push(`${masked} !== ${view.getInt32(from, true)}`);
      next = from + WORD_BYTES;
    } else {
      conditions.push(`view.getFloat64(at + ${longFrom}, true) !== ${long}`);
      next = longFrom + LONG_BYTES;
    }
  }
  return conditions;
}

/** Returns a view of the bytes, followed by zeros. */
function paddedView({ words, length }: FixedBytes): DataView {
  const view = new DataView(new ArrayBuffer(length + LONG_BYTES));
  for (const [index, word] of words.entries()) view.setInt32(index * WORD_BYTES, word, true);
  return view;
}

/**
 * Returns eight bytes as a number; undefined if they are no number that equals only itself: NaN equals nothing, 0 equals -0. A
 * literal of any other number has exactly these bytes.
 */
function longAt(view: DataView, from: number): number | undefined {
  const long = view.getFloat64(from, true);
  return long === 0 || Number.isNaN(long) ? undefined : long;
}
