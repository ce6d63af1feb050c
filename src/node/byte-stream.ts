/** The check that a stream carries bytes. */

/** The modes of a stream, or of one half of it. */
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
    throw new TypeError(`${protocol} needs a byte stream; this stream is in object mode`);
  }
  if (readableEncoding) {
    throw new TypeError(
      `${protocol} needs a byte stream; this stream has the encoding ${readableEncoding} set`,
    );
  }
}
