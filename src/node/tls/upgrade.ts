/** The TLS upgrade of one open stream. */
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { PlaintextAfterStartTLS } from "../../core/errors/tls.ts";
import { temporaryCertificate } from "../certificates/ephemeral.ts";
import { handshake } from "./handshake.ts";
import type { UpgradeOptions } from "./options.ts";
import { checkStream, checkTLSOptions } from "./validate-options.ts";

/**
 * Turns a plaintext stream into a TLS socket.
 *
 * The stream must be quiet: no `data` listener, paused, all that was written to it gone out. Bytes that a TLS
 * server has read too far are put back with `unshift` before. From now on the stream belongs to the TLS socket,
 * which comes back paused, with nothing read from it: add a `data` listener, then `resume()`.
 *
 * It has no timeout of its own: the caller aborts `signal`, or destroys the stream.
 *
 * @returns when TLS is established and, with `verifyAuthorities`, the peer is verified
 * @throws PeerVerifyError the peer's certificate is missing, or not trusted
 * @throws PeerRefusedCertificate the peer did not accept ours; see also `refusalAfterHandshake`
 * @throws PlaintextAfterStartTLS bytes are waiting in the stream of a TLS client
 * @throws HandshakeError any other failure, a closed stream included
 * @throws InvalidCertificate, TypeError what `checkTLSOptions` and `checkStream` throw
 * @throws the reason of `signal`
 *
 * However it fails, the stream is destroyed.
 */
export async function upgrade(stream: Duplex, options: UpgradeOptions): Promise<TLSSocket> {
  stream.on("error", ignore); // for life: an error of a stream that nobody listens to ends the process
  try {
    checkStream(stream);
    checkTLSOptions(options, options.role);
    if (options.role === "server") return await handshake(stream, await withCertificate(options));
    if (stream.readableLength > 0) {
      throw new PlaintextAfterStartTLS(
        `plaintext after StartTLS: ${stream.readableLength} bytes before the handshake`,
      );
    }
    return await handshake(stream, options);
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

async function withCertificate(options: UpgradeOptions): Promise<UpgradeOptions> {
  return { ...options, localCertificate: options.localCertificate ?? (await temporaryCertificate()) };
}

function ignore(): void {}
