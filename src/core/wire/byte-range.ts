/** A part of some bytes, named by offsets. Mutable and reused where a view per box would cost. */
export interface ByteRange {
  bytes: Uint8Array;
  start: number;
  end: number;
}
