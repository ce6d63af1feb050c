/** Compression of values. The algorithm comes from the platform or from a library: `zlib()` of `ampwire/node` uses Node's. */

import { MAX_VALUE_LENGTH } from "../wire/box-limits.ts";
import { countElements } from "../wire/elements.ts";
import { isBytes, wrongType } from "../wire/value-text.ts";
import { joined, splitBytes, valueTooLong } from "./pieces.ts";

/** A synchronous algorithm, and how it is applied to a value that is split over several keys. */
export interface Compressor {
  /**
   * - `whole`: the value is compressed and then split (MAAS). Default
   * - `pieces`: the value is split, and each piece is compressed by itself (Evennia)
   */
  readonly of?: "whole" | "pieces" | undefined;
  compress(bytes: Uint8Array): Uint8Array;
  /**
   * @param maxBytes limit on the result: a few bytes of a peer may expand to a thousand times as many
   * @throws any error if the bytes are malformed, or if the result is longer than `maxBytes`
   */
  decompress(bytes: Uint8Array, maxBytes: number): Uint8Array;
}

/** Converts the bytes of a value to the pieces that are sent, and back. Created by {@link compression}. */
export interface Compression {
  compress(bytes: Uint8Array): Uint8Array;
  /** @throws TooLong */
  decompress(bytes: Uint8Array, maxBytes: number): Uint8Array;
  /** Returns pieces of at most 65535 bytes; at least one. */
  pack(bytes: Uint8Array): readonly Uint8Array[];
  /** @throws TooLong */
  unpack(pieces: readonly Uint8Array[], maxBytes: number): Uint8Array;
}

/** Elements of `maxElements` that one decompression counts as: it takes time even if the result is empty. */
const CALL_ELEMENTS = 8;
/** Decompressed bytes that count as one element of `maxElements`. As text of two bytes a character they take twice the memory. */
const ELEMENT_BYTES = 112;
/** Incompressible bytes grow when they are compressed, by far less than this. */
const GROWTH = 1024;

/**
 * Returns a compression for `big`, `bigBytes` and `bigUnicode`, made of an algorithm, for example of a library in a browser.
 * On Node use `zlib()` of `ampwire/node`.
 *
 * Decompressed bytes count against `maxElements` of the receiving connection, 112 bytes as one element: about 7 MiB in one box
 * by default.
 * @throws TypeError for another value of `of`, and without the two functions
 */
export function compression(compressor: Compressor): Compression {
  // A JavaScript program may pass a value of any type.
  if (typeof compressor?.compress !== "function" || typeof compressor.decompress !== "function")
    throw new TypeError("compression: an object with the functions compress and decompress is needed");
  const { of = "whole" } = compressor;
  if (of !== "whole" && of !== "pieces")
    throw new TypeError(`compression: of must be "whole" or "pieces", not ${JSON.stringify(of)}`);

  function decompress(bytes: Uint8Array, maxBytes: number): Uint8Array {
    countElements(CALL_ELEMENTS);
    const result = checked("decompress", compressor.decompress(bytes, maxBytes));
    if (result.length > maxBytes) throw valueTooLong(maxBytes);
    countElements(Math.ceil(result.length / ELEMENT_BYTES));
    return result;
  }
  const compress = (bytes: Uint8Array) => checked("compress", compressor.compress(bytes));
  function compressedPieces(bytes: Uint8Array): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let start = 0;
    do {
      let count = MAX_VALUE_LENGTH;
      let piece = compress(bytes.subarray(start, start + count));
      if (piece.length > MAX_VALUE_LENGTH) {
        count -= GROWTH;
        piece = compress(bytes.subarray(start, start + count));
      }
      pieces.push(piece);
      start += count;
    } while (start < bytes.length);
    return pieces;
  }
  function decompressedPieces(pieces: readonly Uint8Array[], maxBytes: number): Uint8Array {
    let length = 0;
    const plain = pieces.map((piece) => {
      const bytes = decompress(piece, maxBytes - length);
      length += bytes.length;
      return bytes;
    });
    return joined(plain, maxBytes);
  }

  return of === "pieces"
    ? { compress, decompress, pack: compressedPieces, unpack: decompressedPieces }
    : {
        compress,
        decompress,
        pack: (bytes) => splitBytes(compress(bytes)),
        unpack: (pieces, maxBytes) => decompress(joined(pieces, Number.POSITIVE_INFINITY), maxBytes),
      };
}

/** Any other object with a `length` would pass for bytes, and a promise for an endless value. */
function checked(name: string, result: unknown): Uint8Array {
  if (!isBytes(result)) throw wrongType(`the result of ${name}()`, "a Uint8Array", result);
  return result;
}
