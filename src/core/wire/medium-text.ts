/** Texts of medium size, for which a view and a call of TextDecoder cost more than the decoding. */

type DecodePart = (this: Uint8Array, start: number, end: number) => string;

/** Global of Node, which other runtimes may lack. The method decodes a part of any Uint8Array without a view of it. */
const { Buffer } = globalThis as {
  readonly Buffer?: { readonly prototype: { readonly utf8Slice?: DecodePart } };
};

const utf8Slice = /* @__PURE__ */ usable(Buffer?.prototype.utf8Slice);

/** Returns the method if it works: it is not documented, and another runtime may accept only Buffers. */
function usable(method: DecodePart | undefined): DecodePart | undefined {
  try {
    return method?.call(Uint8Array.of(0, 0xef, 0xbb, 0xbf, 0x61, 0xff), 1, 6) === "\ufeffa\ufffd"
      ? method
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns the text of UTF-8 if the platform can decode a part of an array. Undefined if it cannot, if the bytes are invalid, or
 * if the text contains U+FFFD, which is also the result for invalid bytes.
 */
export function mediumText(bytes: Uint8Array, start: number, end: number): string | undefined {
  const text = utf8Slice?.call(bytes, start, end);
  return text?.includes("\ufffd") ? undefined : text;
}
