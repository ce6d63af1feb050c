/** One TLS handshake, from its start to its single outcome. */
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { setImmediate, setTimeout } from "../real-timers.ts";
import { startClient } from "./client.ts";
import { handshakeFailed } from "./errors.ts";
import type { UpgradeOptions } from "./options.ts";
import type { HandshakeOutcome } from "./outcome.ts";
import { peerCertificate, verificationFailure } from "./peer.ts";
import { startServer } from "./server.ts";

/**
 * Milliseconds to wait for the TLS socket's error after the stream below has closed. The TLS error contains the reason, the
 * stream's does not.
 */
const LATE_ERROR_MS = 10;

export function handshake(stream: Duplex, options: UpgradeOptions): Promise<TLSSocket> {
  const { role, signal, verifyAuthorities } = options;
  const { allowHalfOpen } = stream;
  // With half-open allowed, Node's TLS server would wait for a peer that has ended its side in the handshake.
  stream.allowHalfOpen = false;
  return new Promise((resolve, reject) => {
    let streamError: unknown;
    let settled = false;
    const settle = (): boolean => {
      if (settled) return false;
      settled = true;
      stream.off("close", closed);
      signal?.removeEventListener("abort", aborted);
      return true;
    };
    const fail = (reason: unknown): void => {
      if (!settle()) return;
      stream.destroy(); // destroys the TLS socket too
      reject(reason);
    };
    const outcome: HandshakeOutcome = {
      failed: (failure) => fail(handshakeFailed(failure, options)),
      established(tlsSocket) {
        // After a TLS error (also a fatal alert) Node emits `error` but leaves the socket open.
        tlsSocket.on("error", () => tlsSocket.destroy());
        const authorizationError =
          verifyAuthorities === undefined ? undefined : verificationFailure(tlsSocket);
        if (authorizationError !== undefined) {
          outcome.failed({ authorizationError, certificate: peerCertificate(tlsSocket) });
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
      // Two turns of the event loop follow the timer, because under load one turn may take longer than the timer.
      setTimeout(() => setImmediate(() => setImmediate(report)), LATE_ERROR_MS);
    };
    const aborted = (): void => fail(signal?.reason);

    stream.on("error", (error) => {
      streamError = error;
    });
    stream.once("close", closed);
    signal?.addEventListener("abort", aborted);
    if (signal?.aborted) aborted();
    else if (stream.destroyed || stream.readableEnded) closed();
    else if (role === "client") startClient(stream, options, outcome);
    else startServer(stream, options, outcome);
  });
}
