/** The upgrade of one open stream to TLS. */
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { HandshakeError, PlaintextAfterStartTLS } from "../../core/errors/tls.ts";
import { ephemeralCertificate } from "../certificates/ephemeral.ts";
import { BOTH_ARE_CLIENTS } from "./error-messages.ts";
import { handshake } from "./handshake.ts";
import type { UpgradeOptions } from "./options.ts";
import { checkStream, checkTLSOptions } from "./validate-options.ts";

/** First byte of a TLS record of the handshake, and of the message ClientHello in it. */
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
/** The alert `unexpected_message`, with which TLS answers a message that only a server may get. */
const UNEXPECTED_MESSAGE = Uint8Array.of(21, 3, 3, 0, 2, 2, 10);

/**
 * Upgrades a plaintext stream to TLS.
 *
 * The stream must be paused and flushed, without a `data` listener. A TLS server first puts back, with `unshift`, the bytes
 * that it read after the last box. The TLS socket owns the stream from now on. It is returned paused: add a `data`
 * listener, then call `resume()`.
 *
 * There is no timeout: the caller aborts `signal`, or destroys the stream. Every failure destroys the stream.
 *
 * @returns the TLS socket, when TLS is established and, with `verifyAuthorities`, the peer is verified
 * @throws PeerVerifyError if the peer's certificate is missing or not trusted
 * @throws PeerRefusedCertificate if the peer refused this end's certificate; see also `refusalAfterHandshake`
 * @throws PlaintextAfterStartTLS if the stream of a TLS client holds unread bytes
 * @throws HandshakeError for any other failure, including a closed stream
 * @throws InvalidCertificate or TypeError as `checkTLSOptions` and `checkStream` do
 * @throws the reason of `signal`
 */
export async function upgrade(stream: Duplex, options: UpgradeOptions): Promise<TLSSocket> {
  stream.on("error", ignore); // never removed: an `error` event without a listener ends the process
  try {
    checkStream(stream);
    const { role, signal: _, ...given } = options;
    checkTLSOptions(given, role);
    if (options.role === "server") return await handshake(stream, withCertificate(options));
    if (stream.readableLength > 0) {
      if (isClientHello(stream)) {
        stream.end(UNEXPECTED_MESSAGE); // the peer learns why, too
        throw new HandshakeError(BOTH_ARE_CLIENTS);
      }
      throw new PlaintextAfterStartTLS(
        `the peer sent plaintext after StartTLS: ${stream.readableLength} bytes before the handshake`,
      );
    }
    return await handshake(stream, options);
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

/** Returns true if the unread bytes begin with the first message of a TLS client. */
function isClientHello(stream: Duplex): boolean {
  const chunk: unknown = stream.read();
  if (!(chunk instanceof Uint8Array)) return false;
  stream.unshift(chunk);
  return chunk[0] === HANDSHAKE_RECORD && chunk[1] === 3 && (chunk.length < 6 || chunk[5] === CLIENT_HELLO);
}

function withCertificate(options: UpgradeOptions): UpgradeOptions {
  return { ...options, localCertificate: options.localCertificate ?? ephemeralCertificate() };
}

function ignore(): void {}
