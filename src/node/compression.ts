/** Compression with zlib, in the format of Python's module of that name. */

import { constants } from "node:buffer";
import { deflateSync, inflateSync } from "node:zlib";
import { type Compression, type Compressor, compression } from "../core/arguments/compression.ts";
import { valueTooLong } from "../core/arguments/pieces.ts";
import { isError } from "../core/errors/to-error.ts";
import { checkPositive, invalidNumber } from "../core/number-option.ts";
import { checkOptionNames } from "../core/option-names.ts";
import { type Argument, asInPlace } from "../core/schema/argument.ts";
import { checkWrappedCodec } from "../core/schema/check-codec.ts";

/** Options of `zlib`. */
export interface ZlibOptions extends Pick<Compressor, "of"> {
  /** 0 (no compression) to 9 (smallest). A receiver accepts every level. Default 6, as in Python. */
  readonly level?: number | undefined;
}

/** Options of `compressed`. */
export interface CompressedOptions {
  /** 0 (no compression) to 9 (smallest). A receiver accepts every level. Default 6, as in Python. */
  readonly level?: number | undefined;
  /** Limit on the bytes before compression, in both directions. Default 4 MiB. */
  readonly maxBytes?: number | undefined;
}

const DEFAULT_LEVEL = 6;
const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;
/** Limits of the buffers in which zlib collects a result. */
const LEAST_CHUNK = 256;
const LARGEST_CHUNK = 64 * 1024;

/**
 * Returns a compression with zlib for `big`, `bigBytes` and `bigUnicode`.
 * @throws RangeError for a level that is not an integer from 0 to 9, TypeError for another value of `of`
 */
export function zlib(options: ZlibOptions = {}): Compression {
  checkOptionNames("zlib", options, ["of", "level"]);
  const { of, level = DEFAULT_LEVEL } = options;
  if (!Number.isInteger(level) || level < 0 || level > 9)
    throw invalidNumber("level", "an integer from 0 to 9", level);
  return compression({ of, compress: (bytes) => plain(deflateSync(bytes, { level })), decompress: inflated });
}

/**
 * A value compressed with zlib, in one key: at most 65535 compressed bytes. This is not part of AMP or Twisted; MAAS sends JSON
 * in this way. For larger values use `big(codec, { compression: zlib() })`, which sends the same bytes if they fit one key.
 *
 * Decompressed bytes count against `maxElements` of the receiving connection, 112 bytes as one element.
 *
 * @throws TypeError for a codec that is optional or local, InvalidSignature for a value that is not a codec, RangeError for an
 * invalid option
 * @throws TooLong over `maxBytes`, in both directions
 * @throws Error when decoding bytes that zlib did not write
 */
export function compressed<T, I = T>(codec: Argument<T, I>, options: CompressedOptions = {}): Argument<T, I> {
  checkOptionNames("compressed", options, ["level", "maxBytes"]);
  checkWrappedCodec("compressed", codec);
  const { level, maxBytes = DEFAULT_MAX_BYTES } = options;
  checkPositive({ maxBytes });
  const { compress, decompress } = zlib({ level });
  const { encode, decode } = asInPlace(codec);
  return {
    encode(value) {
      const bytes = encode(value);
      if (bytes.length > maxBytes) throw valueTooLong(maxBytes);
      return compress(bytes);
    },
    decode: (bytes) => decode(decompress(bytes, maxBytes)),
  };
}

function inflated(bytes: Uint8Array, maxBytes: number): Uint8Array {
  try {
    const result = inflateSync(bytes, {
      maxOutputLength: Math.max(1, Math.min(maxBytes, constants.MAX_LENGTH)),
      chunkSize: Math.min(LARGEST_CHUNK, Math.max(LEAST_CHUNK, bytes.length * 4)),
    });
    return plain(result);
  } catch (error) {
    if (isError(error) && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE")
      throw valueTooLong(maxBytes);
    throw error;
  }
}

/** Returns the bytes as a Uint8Array, which is what codecs return: the methods of a Buffer differ. */
function plain({ buffer, byteOffset, length }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}
