/**
 * StartTLS of a relayed connection: a handshake with the client, as its TLS server, and one with the server, as its
 * TLS client. Whoever opened a connection is the TLS client of it, whoever asked.
 */
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import type { Certificate } from "../../node/certificates/certificate.ts";
import type { PrivateCertificate } from "../../node/certificates/private-certificate.ts";
import { DEFAULT_HANDSHAKE_DELAY } from "../../node/stream-transport.ts";
import { peerCertificate } from "../../node/tls/peer.ts";
import { upgrade } from "../../node/tls/upgrade.ts";
import { written } from "../net/flushed.ts";
import type { Endpoint } from "./endpoint.ts";
import type { LegTLS } from "./traffic.ts";

/** What the proxy presents to either side, and demands of it. */
export interface ProxyTLS {
  /** Presented to both. Without it the client sees a temporary one, and the server none. */
  readonly certificate?: PrivateCertificate | undefined;
  /** Who must have signed the server's certificate. Without them nothing is checked. */
  readonly authorities?: readonly Certificate[] | undefined;
  /** The client must present a certificate that `authorities` have signed, too. */
  readonly verifyClient?: boolean | undefined;
  /** The name that the server's certificate must be for. Only together with `authorities`. */
  readonly serverName?: string | undefined;
  /** Milliseconds, from the answer to the end of both handshakes. Default 10000. */
  readonly handshakeTimeout?: number | undefined;
}

/** A stream that nobody listens to, and what has been read from it beyond its last box. */
export interface PausedStream {
  readonly stream: Duplex;
  readonly leftovers: Uint8Array;
}

export interface SecuredLegs {
  readonly client: TLSSocket;
  readonly server: TLSSocket;
}

/**
 * @param asked whether the client has answered, and so the server begins to read TLS when it has read the answer
 * @throws what `upgrade` throws, whichever leg it is, and Error when one does not take in time what goes before TLS; then
 * both streams are destroyed
 */
export async function upgradeBothLegs(
  client: PausedStream,
  server: PausedStream,
  asked: boolean,
  tls: ProxyTLS,
): Promise<SecuredLegs> {
  const { certificate: localCertificate, authorities, serverName } = tls;
  const stop = new AbortController();
  const late = setTimeout(
    () => stop.abort(new Error("the TLS handshakes were not done in time")),
    tls.handshakeTimeout ?? 10_000,
  );
  try {
    await Promise.all([written(client.stream, stop.signal), written(server.stream, stop.signal)]);
    for (const { stream, leftovers } of [client, server]) if (leftovers.length > 0) stream.unshift(leftovers);
    const withClient = upgrade(client.stream, {
      role: "server",
      localCertificate,
      verifyAuthorities: tls.verifyClient === true ? authorities : undefined,
      signal: stop.signal,
    });
    const withServer = (async () => {
      if (asked) await delay(DEFAULT_HANDSHAKE_DELAY, undefined, { signal: stop.signal });
      return upgrade(server.stream, {
        role: "client",
        localCertificate,
        verifyAuthorities: authorities,
        serverName,
        signal: stop.signal,
      });
    })();
    // The leg that is done first may be gone before the other one is.
    const gone = (end: Endpoint) => (leg: TLSSocket) => {
      leg.once("close", () => stop.abort(new Error(`the ${end} has gone`)));
      return leg;
    };
    const [one, other] = await Promise.all([
      withClient.then(gone("client")),
      withServer.then(gone("server")),
    ]);
    return { client: one, server: other };
  } catch (error) {
    stop.abort(error);
    client.stream.destroy();
    server.stream.destroy();
    throw error;
  } finally {
    clearTimeout(late);
  }
}

export function describedTLS(leg: TLSSocket): LegTLS {
  return { protocol: leg.getProtocol() ?? "TLS", certificate: peerCertificate(leg)?.toString() };
}
