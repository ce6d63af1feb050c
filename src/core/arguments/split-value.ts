/**
 * One value over several keys: AMP itself has none over 65535 bytes, and each project found its own way around.
 * The two that are in use differ only in how they name the keys.
 */
import { TooLong } from "../errors/caller.ts";
import { checkPositive } from "../number-option.ts";
import type { Argument, BoxArgument } from "../schema/argument.ts";
import { isPieceOf } from "../schema/field.ts";
import type { Box } from "../wire/box.ts";
import { MAX_VALUE_LENGTH } from "../wire/box-limits.ts";

/**
 * Where the pieces of the value of `name` stand:
 * - `numbered-from-2`: `name`, `name.2`, `name.3`, ... (the "mediumbox" recipe, Evennia, clj-amp); a value that fits one
 *   key then looks like any other
 * - `numbered-from-0`: `name.0`, `name.1`, ... (flocker, JoinMarket)
 */
export type SplitLayout = "numbered-from-2" | "numbered-from-0";

/** How a big value is sent. Both ends must say the same. */
export interface SplitOptions {
  /** Default `numbered-from-2`. */
  readonly layout?: SplitLayout | undefined;
  /** Bytes of the whole value, in both directions. Default 16 MiB. */
  readonly maxBytes?: number | undefined;
}

const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;

/**
 * A codec whose encoded value is cut into pieces of at most 65535 bytes, anywhere: a reader joins them before it
 * decodes. An empty value is one empty piece, so that it differs from an absent one; flocker and JoinMarket send no
 * piece then: declare such an argument optional.
 */
export function spreadValue<T>(whole: Argument<T>, options: SplitOptions = {}): BoxArgument<T> {
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

  return {
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
  };
}

type PieceName = (name: string, index: number) => string;

const pieceNames: Readonly<Record<SplitLayout, PieceName>> = {
  "numbered-from-2": (name, index) => (index === 0 ? name : `${name}.${index + 1}`),
  "numbered-from-0": (name, index) => `${name}.${index}`,
};

/** A piece that cannot be joined means a gap, or the other layout: better an error than half a value. */
function checkNoneLeft(box: Box, name: string, pieces: ReadonlyMap<string, Uint8Array>): void {
  for (const key of box.keys()) {
    if (isPieceOf(name, key) && !pieces.has(key)) {
      throw new SyntaxError(
        `${pieces.size} pieces join up, and ${JSON.stringify(key)} is left: a gap, or another layout`,
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
