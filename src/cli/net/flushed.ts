/** When a stream may be handed to TLS: what was written to it has gone out. */
import type { Duplex } from "node:stream";

/**
 * Until all that was written to a stream has gone out, or it is gone itself: the handshake finds that out.
 * @throws Error when the signal aborts before, with its reason as the cause
 */
export async function written(stream: Duplex, signal: AbortSignal): Promise<void> {
  while (stream.writableLength > 0 && !stream.destroyed) {
    if (signal.aborted) {
      const count = stream.writableLength;
      throw new Error(`${count} bytes that go before TLS were not taken in time`, { cause: signal.reason });
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
