/** Reads a box together with the keys that occur in it more than once. */
import type { Box, BoxReader } from "../../index.ts";

/** A box. A map has each key once, so the keys that the bytes repeat are listed next to it. */
export interface ReadBox {
  readonly box: Box;
  /** Each repeated key once. The box has its last value, as in Twisted. */
  readonly repeated: readonly string[];
}

/** @throws the errors of `BoxReader.next` */
export function readBox(reader: BoxReader): ReadBox | undefined {
  const frame = reader.nextFrame();
  if (frame === undefined) return undefined;
  const box = frame.toBox();
  if (box.size === frame.count) return { box, repeated: [] };
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (let index = 0; index < frame.count; index++) {
    const key = frame.keyText(index);
    if (seen.has(key)) repeated.add(key);
    seen.add(key);
  }
  return { box, repeated: [...repeated] };
}
