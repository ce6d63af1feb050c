/** One handshake from its start to its only outcome. */
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { startClient } from "./client.ts";
import { handshakeFailed } from "./errors.ts";
import type { UpgradeOptions } from "./options.ts";
import type { HandshakeOutcome } from "./outcome.ts";
import { peerCertificate } from "./peer.ts";
import { startServer } from "./server.ts";

/** How long a TLS error may come after the stream below has closed: it knows the reason, the stream does not. */
const LATE_ERROR_MS = 10;

export function handshake(stream: Duplex, options: UpgradeOptions): Promise<TLSSocket> {
  const { role, signal, verifyAuthorities } = options;
  const { allowHalfOpen } = stream;
  // A peer that has ended its side finishes no handshake: where half-open is allowed, Node's server waits for it.
  stream.allowHalfOpen = false;
  return new Promise((resolve, reject) => {
    let streamError: unknown;
    let settled = false;
    const settle = (): boolean => {
      if (settled) return false;
      settled = true;
      stream.off("close", closed).off("end", closed);
      signal?.removeEventListener("abort", aborted);
      return true;
    };
    const fail = (reason: unknown): void => {
      if (!settle()) return;
      stream.destroy(); // takes the TLS socket on it along
      reject(reason);
    };
    const outcome: HandshakeOutcome = {
      failed: (failure) => fail(handshakeFailed(failure, options)),
      established(tlsSocket) {
        // After the handshake Node reports what breaks TLS, a fatal alert too, and leaves the socket open.
        tlsSocket.on("error", () => tlsSocket.destroy());
        const certificate = verifyAuthorities === undefined ? undefined : peerCertificate(tlsSocket);
        // Node has looked already. Twice, because everything rests on it.
        if (verifyAuthorities !== undefined && (!tlsSocket.authorized || certificate === undefined)) {
          const authorizationError = tlsSocket.authorizationError ?? "NOT_VERIFIED";
          outcome.failed({ authorizationError, certificate });
        } else if (settle()) {
          stream.allowHalfOpen = tlsSocket.allowHalfOpen = allowHalfOpen;
          tlsSocket.disableRenegotiation();
          tlsSocket.pause();
          resolve(tlsSocket);
        }
      },
    };
    const closed = (): void => {
      const report = () => outcome.failed({ error: streamError });
      // Behind the timer two turns of the event loop: under load the ten milliseconds may be over within one.
      setTimeout(() => setImmediate(() => setImmediate(report)), LATE_ERROR_MS);
    };
    const aborted = (): void => fail(signal?.reason);

    stream.on("error", (error) => {
      streamError = error;
    });
    stream.once("close", closed);
    stream.once("end", closed); // a TLS server on a stream that is no socket would wait for ever
    signal?.addEventListener("abort", aborted, { once: true });
    if (signal?.aborted) aborted();
    else if (stream.destroyed || stream.readableEnded) closed();
    else if (role === "client") startClient(stream, options, outcome);
    else startServer(stream, options, outcome);
  });
}
