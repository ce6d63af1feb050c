/** Streams that carry bytes, and those that do not. */

/** A stream, or one half of it. */
interface StreamModes {
  readonly readableObjectMode?: boolean;
  readonly writableObjectMode?: boolean;
  readonly readableEncoding?: string | null;
}

/** @throws TypeError for a stream in object mode or with an encoding set */
export function checkByteStream(
  { readableObjectMode, writableObjectMode, readableEncoding }: StreamModes,
  protocol: "AMP" | "TLS" = "AMP",
): void {
  if (readableObjectMode || writableObjectMode) {
    throw new TypeError(`${protocol} needs a stream of bytes, and this one is in object mode`);
  }
  if (readableEncoding) {
    throw new TypeError(
      `${protocol} needs a stream of bytes, and this one has the encoding ${readableEncoding} set`,
    );
  }
}
