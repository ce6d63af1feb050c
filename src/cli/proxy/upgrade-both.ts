/**
 * StartTLS of a relayed connection: the proxy is the TLS server of the client, and the TLS client of the server. The TLS
 * roles follow from the direction in which the connection was opened, not from that of the StartTLS call.
 */
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { DEFAULT_LIMITS } from "../../index.ts";
import type { Certificate } from "../../node/certificates/certificate.ts";
import type { PrivateCertificate } from "../../node/certificates/private-certificate.ts";
import type { TLSOptions } from "../../node/tls/options.ts";
import { peerCertificate } from "../../node/tls/peer.ts";
import { DEFAULT_HANDSHAKE_DELAY } from "../../node/tls/start-tls.ts";
import { upgrade } from "../../node/tls/upgrade.ts";
import { flushed } from "../net/flushed.ts";
import type { Endpoint } from "../traffic/endpoint.ts";
import type { SessionInfo } from "../traffic/traffic.ts";

/** Certificates that the proxy presents and requires. */
export interface ProxyTLS {
  /** Presented to both endpoints. Without it, the client receives a temporary certificate and the server none. */
  readonly certificate?: PrivateCertificate | undefined;
  /** CAs of which one must have issued the server's certificate. Without them it is not verified. */
  readonly authorities?: readonly Certificate[] | undefined;
  /** Revocation lists for the peers whose certificate is verified. */
  readonly crl?: TLSOptions["crl"];
  /** Requires a client certificate issued by one of `authorities`. */
  readonly verifyClient?: boolean | undefined;
  /** Name that the server's certificate must contain. Requires `authorities`. */
  readonly serverName?: string | undefined;
  /** Milliseconds from the answer to the end of both handshakes (default `DEFAULT_LIMITS.handshakeTimeout`). */
  readonly handshakeTimeout?: number | undefined;
}

/** A paused stream, and the bytes already read after its last box. */
export interface PausedStream {
  readonly stream: Duplex;
  readonly leftovers: Uint8Array;
}

export interface SecuredStreams {
  readonly client: TLSSocket;
  readonly server: TLSSocket;
}

/**
 * Does the handshakes with the client and with the server.
 *
 * @param clientAnswered true if the client answered StartTLS, so that the server reads TLS only after that answer
 * @throws the errors of `upgrade` for either stream, and Error if a peer does not read the bytes before TLS in time; both
 * streams are destroyed then
 */
export async function upgradeBoth(
  downstream: PausedStream,
  upstream: PausedStream,
  clientAnswered: boolean,
  tls: ProxyTLS,
): Promise<SecuredStreams> {
  const { certificate: localCertificate, authorities, crl, serverName } = tls;
  const timeout = tls.handshakeTimeout ?? DEFAULT_LIMITS.handshakeTimeout;
  const stop = new AbortController();
  const late = setTimeout(
    () => stop.abort(new Error(`the TLS handshakes did not finish within ${timeout} ms`)),
    timeout,
  );
  try {
    await Promise.all([flushed(downstream.stream, stop.signal), flushed(upstream.stream, stop.signal)]);
    for (const { stream, leftovers } of [downstream, upstream])
      if (leftovers.length > 0) stream.unshift(leftovers);
    const withClient = upgrade(downstream.stream, {
      role: "server",
      localCertificate,
      ...(tls.verifyClient === true ? { verifyAuthorities: authorities, crl } : {}),
      signal: stop.signal,
    });
    const withServer = (async () => {
      if (clientAnswered) await delay(DEFAULT_HANDSHAKE_DELAY, undefined, { signal: stop.signal });
      return upgrade(upstream.stream, {
        role: "client",
        localCertificate,
        verifyAuthorities: authorities,
        crl,
        serverName,
        signal: stop.signal,
      });
    })();
    // The first socket may close before the second handshake is complete.
    const watched = (end: Endpoint) => (socket: TLSSocket) => {
      socket.once("close", () =>
        stop.abort(new Error(`the ${end} closed the connection during the handshakes`)),
      );
      return socket;
    };
    const [client, server] = await Promise.all([
      withClient.then(watched("client")),
      withServer.then(watched("server")),
    ]);
    return { client, server };
  } catch (error) {
    stop.abort(error);
    downstream.stream.destroy();
    upstream.stream.destroy();
    throw error;
  } finally {
    clearTimeout(late);
  }
}

export function describedTLS(socket: TLSSocket): SessionInfo {
  return { protocol: socket.getProtocol() ?? "TLS", certificate: peerCertificate(socket)?.toString() };
}
