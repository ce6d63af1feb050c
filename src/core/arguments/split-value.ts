/**
 * Values split over several keys. AMP has no value over 65535 bytes, so projects split larger ones. The two layouts in use
 * differ only in the names of the keys.
 */
import { TooLong } from "../errors/caller.ts";
import { checkPositive } from "../number-option.ts";
import { checkOptionNames } from "../option-names.ts";
import type { Argument } from "../schema/argument.ts";
import { type BoxArgument, isPieceOf } from "../schema/field.ts";
import { boxArgument } from "../schema/spread-fields.ts";
import type { Box } from "../wire/box.ts";
import { MAX_VALUE_LENGTH } from "../wire/box-limits.ts";

/**
 * Keys of the pieces of the value `name`:
 * - `numbered-from-2`: `name`, `name.2`, `name.3`, ... (the "mediumbox" recipe, Evennia, clj-amp). A value that fits one key is
 *   sent like any other value
 * - `numbered-from-0`: `name.0`, `name.1`, ... (flocker, JoinMarket)
 */
export type SplitLayout = "numbered-from-2" | "numbered-from-0";

/** Options of a split value. Both ends must use the same. */
export interface SplitOptions {
  /** Keys of the pieces. Default `numbered-from-2`. */
  readonly layout?: SplitLayout | undefined;
  /** Limit on the bytes of the whole value, in both directions. Default 16 MiB. */
  readonly maxBytes?: number | undefined;
}

const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;

/**
 * Returns a codec that splits the encoded value into pieces of at most 65535 bytes, at any byte. The pieces are joined before
 * they are decoded. An empty value is sent as one empty piece, so that it differs from an absent one. flocker and JoinMarket
 * send no piece for it: declare such an argument optional.
 * @throws TypeError for a layout that does not exist, RangeError if `maxBytes` is not a positive number
 */
export function spreadValue<T>(whole: Argument<T>, options: SplitOptions = {}): BoxArgument<T> {
  checkOptionNames(whole.description?.type ?? "split value", options, ["layout", "maxBytes"]);
  const { layout = "numbered-from-2", maxBytes = DEFAULT_MAX_BYTES } = options;
  if (!Object.hasOwn(pieceNames, layout)) throw new TypeError(`there is no layout ${JSON.stringify(layout)}`);
  const pieceName = pieceNames[layout];
  checkPositive({ maxBytes });

  function checkLength(length: number): void {
    if (length > maxBytes) throw new TooLong(`the value is longer than its maxBytes (${maxBytes})`);
  }
  function encode(value: T): Uint8Array {
    const bytes = whole.encode(value);
    checkLength(bytes.length);
    return bytes;
  }

  return boxArgument({
    description: whole.description && { ...whole.description, options },
    encode,
    decode(bytes) {
      checkLength(bytes.length);
      return whole.decode(bytes);
    },
    toBox(value, name, box) {
      const bytes = encode(value);
      for (
        let start = 0, index = 0;
        index === 0 || start < bytes.length;
        start += MAX_VALUE_LENGTH, index++
      ) {
        box.set(pieceName(name, index), bytes.subarray(start, start + MAX_VALUE_LENGTH));
      }
    },
    fromBox(name, box) {
      const pieces = new Map<string, Uint8Array>();
      let length = 0;
      for (;;) {
        const key = pieceName(name, pieces.size);
        const piece = box.get(key);
        if (piece === undefined) break;
        length += piece.length;
        checkLength(length);
        pieces.set(key, piece);
      }
      checkNoneLeft(box, name, pieces);
      return pieces.size === 0 ? undefined : whole.decode(joined([...pieces.values()], length));
    },
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
    if (isPieceOf(name, key) && !pieces.has(key)) {
      throw new SyntaxError(
        `${JSON.stringify(key)} does not follow the ${pieces.size} pieces before it: a piece is missing, or the layout differs`,
      );
    }
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined) return first;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
