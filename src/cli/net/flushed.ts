/** Waits until a stream has sent everything, before TLS takes it over. */
import type { Duplex } from "node:stream";

/**
 * Resolves when the stream has sent all written bytes, or is closed. The handshake then reports a closed stream.
 * @throws Error if the signal aborts first, with its reason as the cause
 */
export async function flushed(stream: Duplex, signal: AbortSignal): Promise<void> {
  while (stream.writableLength > 0 && !stream.destroyed) {
    if (signal.aborted) {
      const count = stream.writableLength;
      throw new Error(`the peer did not read the ${count} bytes before TLS in time`, {
        cause: signal.reason,
      });
    }
    await new Promise<void>((resolve) => {
      const done = () => {
        stream.off("close", done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      stream.once("close", done);
      signal.addEventListener("abort", done);
      stream.write(new Uint8Array(0), done);
    });
  }
}
