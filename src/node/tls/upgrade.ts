/** The upgrade of one open stream to TLS. */
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { AmpError } from "../../core/errors/amp-error.ts";
import { HandshakeError, PlaintextAfterStartTLS } from "../../core/errors/tls.ts";
import { ephemeralCertificate } from "../certificates/ephemeral.ts";
import { TWO_CLIENTS } from "./error-messages.ts";
import { handshake } from "./handshake.ts";
import type { UpgradeOptions } from "./options.ts";
import { checkStream, checkTLSOptions } from "./validate-options.ts";

/** Type of a TLS record with a handshake message, and of its message (RFC 8446, 5.1 and 4). */
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;

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
    if (stream.readableLength > 0) throw unexpectedBytes(stream);
    return await handshake(stream, options);
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

/** Returns the error for bytes that a peer sends to a TLS client before the client's first byte. The stream cannot be used any more. */
function unexpectedBytes(stream: Duplex): AmpError {
  const count = stream.readableLength;
  if (isClientHello(stream.read())) return new HandshakeError(`the TLS handshake failed: ${TWO_CLIENTS}`);
  return new PlaintextAfterStartTLS(
    `the peer sent plaintext after StartTLS: ${count} bytes before the handshake`,
  );
}

function isClientHello(bytes: unknown): boolean {
  return bytes instanceof Uint8Array && bytes[0] === HANDSHAKE_RECORD && bytes[5] === CLIENT_HELLO;
}

function withCertificate(options: UpgradeOptions): UpgradeOptions {
  return { ...options, localCertificate: options.localCertificate ?? ephemeralCertificate() };
}

function ignore(): void {}
