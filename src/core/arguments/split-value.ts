/**
 * Values split over several keys. AMP has no value over 65535 bytes, so projects split larger ones. The two layouts in use
 * differ in the names of the keys, and in how they write an empty value.
 */

import { checkPositive } from "../number-option.ts";
import { checkOptionNames } from "../option-names.ts";
import type { Argument } from "../schema/argument.ts";
import type { BoxArgument } from "../schema/field.ts";
import { boxArgument, isPieceOf } from "../schema/spread-fields.ts";
import type { Box } from "../wire/box.ts";
import type { Compression } from "./compression.ts";
import { joined, splitBytes, valueTooLong } from "./pieces.ts";

/**
 * Keys of the pieces of the value `name`:
 * - `numbered-from-2`: `name`, `name.2`, `name.3`, ... (the "mediumbox" recipe, Evennia, MAAS, clj-amp). A value that fits one key
 *   is sent like any other value, and an empty value as one empty piece
 * - `numbered-from-0`: `name.0`, `name.1`, ... (flocker, JoinMarket). An empty value has no piece
 */
export type SplitLayout = "numbered-from-2" | "numbered-from-0";

/** Options of a split value. Both ends must use the same. */
export interface SplitOptions {
  /** Keys of the pieces. Default `numbered-from-2`. */
  readonly layout?: SplitLayout | undefined;
  /** Limit on the bytes of the whole value before compression, in both directions. Default 16 MiB. */
  readonly maxBytes?: number | undefined;
  /** Compression of the value: `zlib()` of `ampwire/node`, or `compression()`. Default: none. */
  readonly compression?: Compression | undefined;
}

const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;

const uncompressed: Compression = {
  compress: (bytes) => bytes,
  decompress(bytes, maxBytes) {
    if (bytes.length > maxBytes) throw valueTooLong(maxBytes);
    return bytes;
  },
  pack: splitBytes,
  unpack: joined,
};

/**
 * Returns a codec that splits the encoded value into pieces of at most 65535 bytes, at any byte. The pieces are joined before
 * they are decoded.
 *
 * With the layout `numbered-from-0`, an argument without pieces is the empty value. If it is optional, it is absent: an optional
 * argument whose value is empty cannot be told from an absent one.
 * @throws TypeError for a layout that does not exist or a compression of another kind, RangeError if `maxBytes` is not a positive number
 */
export function spreadValue<T, I = T>(whole: Argument<T, I>, options: SplitOptions = {}): BoxArgument<T, I> {
  checkOptionNames(whole.description?.type ?? "big", options, ["layout", "maxBytes", "compression"]);
  const {
    layout = "numbered-from-2",
    maxBytes = DEFAULT_MAX_BYTES,
    compression: { compress, decompress, pack, unpack } = uncompressed,
  } = options;
  if (!Object.hasOwn(pieceNames, layout)) throw new TypeError(`there is no layout ${JSON.stringify(layout)}`);
  // A JavaScript program may pass the name of a compression, or an algorithm itself.
  if (typeof pack !== "function") throw new TypeError("compression must be zlib() or compression()");
  const pieceName = pieceNames[layout];
  const sendsEmptyPiece = layout === "numbered-from-2";
  checkPositive({ maxBytes });

  function encode(value: I): Uint8Array {
    const bytes = whole.encode(value);
    if (bytes.length > maxBytes) throw valueTooLong(maxBytes);
    return bytes;
  }

  return boxArgument<T, I>({
    // Python and the command line know no compressed types.
    description: options.compression ? undefined : whole.description && { ...whole.description, options },
    encode: (value) => compress(encode(value)),
    decode: (bytes) => whole.decode(decompress(bytes, maxBytes)),
    toBox(value, name, box) {
      const bytes = encode(value);
      if (bytes.length === 0 && !sendsEmptyPiece) return;
      for (const [index, piece] of pack(bytes).entries()) box.set(pieceName(name, index), piece);
    },
    fromBox(name, box) {
      const pieces = new Map<string, Uint8Array>();
      for (;;) {
        const key = pieceName(name, pieces.size);
        const piece = box.get(key);
        if (piece === undefined) break;
        pieces.set(key, piece);
      }
      checkNoneLeft(box, name, pieces);
      return pieces.size === 0 ? undefined : whole.decode(unpack([...pieces.values()], maxBytes));
    },
    ...(!sendsEmptyPiece && { emptyValue: () => whole.decode(new Uint8Array()) }),
  });
}

type PieceName = (name: string, index: number) => string;

const pieceNames: Readonly<Record<SplitLayout, PieceName>> = {
  "numbered-from-2": (name, index) => (index === 0 ? name : `${name}.${index + 1}`),
  "numbered-from-0": (name, index) => `${name}.${index}`,
};

/** Rejects pieces that cannot be joined: a piece is missing, or the peer uses the other layout. */
function checkNoneLeft(box: Box, name: string, pieces: ReadonlyMap<string, Uint8Array>): void {
  for (const key of box.keys()) {
    if ((key === name || isPieceOf(name, key)) && !pieces.has(key)) {
      throw new SyntaxError(
        `${JSON.stringify(key)} does not follow the ${pieces.size} pieces before it: a piece is missing, or the layout differs`,
      );
    }
  }
}
