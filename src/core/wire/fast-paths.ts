/**
 * The seam between the loops that read and write boxes and an entry point that has faster code for frequent boxes. Only
 * `ampwire/node` has it (`node/generated-code/`). The loops do the same without it, so pages do not load it.
 *
 * The interfaces describe parts of `ByteWriter`, `Frame`, `ExpectedBox` and `FieldSet`, whose files import this one.
 */
import type { FixedBytes } from "./fixed-bytes.ts";

/** Part of `ByteWriter`. */
export interface FastOut {
  length: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  reserve(count: number): void;
  truncate(length: number): void;
  endCounted(position: number): number;
}

/** As `Tag`: a number for a tag of this end, bytes as received for a tag of the peer. */
export type FastTag =
  | number
  | {
      readonly bytes: Uint8Array;
      readonly view?: DataView | undefined;
      readonly start: number;
      readonly end: number;
    };

/** Part of `Frame`. */
interface FastFrame {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly offsets: number[];
  cursor: number;
  count: number;
  ask: number;
  answer: number;
  command: number;
  keyIs(index: number, key: FixedBytes): boolean;
}

/** Part of `Field`. */
export interface FastField {
  readonly name: string;
  /** The key with its length in front. */
  readonly pattern: FixedBytes;
  readonly optional: boolean;
  /** Set for codecs that may use several keys. */
  readonly spread: object | undefined;
  /** True if every object inherits a property of this name. */
  readonly shadowed: boolean;
  readonly codec: {
    write(value: unknown, out: FastOut): void;
    read(bytes: Uint8Array, start: number, end: number): unknown;
  };
}

/** Part of `FieldSet`. */
export interface FastFields {
  /** In byte order of the keys. */
  readonly fields: readonly FastField[];
  /** Names that values may have. */
  readonly names: readonly string[];
  /** True if values of other names are refused, not ignored. */
  readonly exact: boolean;
  /** Returns the error for a field whose codec threw. */
  failure(name: string, cause: unknown): Error;
}

/** Bytes that never change, followed by one value or none. */
export interface FastStep {
  readonly fixed: FixedBytes;
  readonly field: FastField | undefined;
  readonly tag: boolean;
}

/** A key of a box. */
export interface FastKey {
  readonly name: string;
  /** The key as encoded in a box, with its length in front. */
  readonly header: Uint8Array;
  /** The value, if it never changes. */
  readonly value?: Uint8Array | undefined;
}

/** Part of `BoxTemplate`, which writes one kind of box. */
export interface FastTemplate {
  readonly set: FastFields;
  /** All keys, in byte order. */
  readonly keys: readonly FastKey[];
  /** Set if a codec decides itself which keys it uses. */
  readonly spreadPath: object | undefined;
  /** Description of the boxes for the reader. Created when it is first needed. */
  expectedBox: FastBox | undefined;
  readonly steps: readonly FastStep[];
  /** Number of boxes that the fast paths have left to the loops. */
  uses: number;
  fastWrite: FastWrite | undefined;
}

/**
 * Appends one box. Returns false, and appends nothing, for values that only the loops handle.
 * @throws what the loops throw; nothing is appended
 */
export type FastWrite = (out: FastOut, tag: FastTag, values: object) => boolean;

/** Reads one kind of box. */
export interface FastReader {
  /**
   * Parses a whole box into a cleared frame. Returns false, and does not change the frame, for a box that is not as expected.
   * @param end position at which the box must have ended
   */
  scan(frame: FastFrame, end: number): boolean;
  /** Returns the values of a box that {@link scan} has parsed. @throws what the loops throw */
  read(frame: FastFrame): Record<string, unknown>;
  /**
   * Parses and reads boxes from the cursor on, as long as they are as expected, and adds their values to `rows`. Leaves the cursor
   * after the last one. Undefined for boxes with keys of the protocol.
   * @throws what the loops throw
   */
  readRows?(frame: FastFrame, end: number, rows: unknown[]): void;
}

/** A key of an expected box, with its value if that never changes. */
export interface FastEntry {
  readonly fixed: FixedBytes;
  /** Bytes from the beginning of the entry to the value. */
  readonly valueOffset: number;
  /** Bytes from the beginning of the entry to its end if the value never changes, else 0. */
  readonly fixedEnd: number;
}

/** As `ExpectedBox`. */
export interface FastBox {
  readonly entries: readonly FastEntry[];
  readonly ask: number;
  readonly answer: number;
  readonly command: number;
  readonly error: number;
  readonly commandName: string | undefined;
  readonly owner: FastFields;
  readonly entryOfField: readonly number[];
  /** Number of boxes that the fast paths have compared with this one in a loop. */
  uses: number;
  /** The box that came last after one of these, if the fast paths have noted it. */
  next: FastBox | undefined;
  fastReader: FastReader | undefined;
}

/** The pending calls of a connection, in which the expected box of an answer is found by its tag. */
export interface AnsweredCalls {
  get(
    tag: number,
  ): { readonly command: { readonly answerTemplate?: FastTemplate | undefined } | undefined } | undefined;
}

/** Faster code for frequent boxes that are received. */
export interface Prediction {
  /**
   * Parses a whole box that begins at the cursor. Returns false if the loops have to parse it, from the cursor on.
   * @param end position at which the box must have ended
   */
  scan(frame: FastFrame, end: number, maxKeys: number): boolean;
  /** Returns the description of the boxes of a template, with which {@link scan} can compare the next box. */
  expect(template: FastTemplate): FastBox | undefined;
  /** Does what `parseTag` of `tag.ts` does. */
  readTag?(bytes: Uint8Array, view: DataView, start: number, end: number): number;
}

/** Faster code for all frequent boxes. */
export interface FastPaths extends Prediction {
  /** Returns the code that writes boxes of a template; undefined if the loops have to write the next one. */
  writerOf(template: FastTemplate): FastWrite | undefined;
  /**
   * Reads rows from the cursor on. Returns false if the loops have to read the next one.
   * @throws what the loops throw
   */
  readRows(frame: FastFrame, end: number, rows: unknown[]): boolean;
}

/**
 * Fast paths for the rows inside of values, which do not know their connection: those of the connection with fast paths whose
 * box was read last.
 */
export let rowPaths: FastPaths | undefined;

export function setRowPaths(paths: FastPaths): void {
  rowPaths = paths;
}
