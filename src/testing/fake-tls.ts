/**
 * TLS as a play: the choreography of StartTLS without a single byte encrypted, and without a key.
 *
 * It is for tests of what a connection does before, during and after a handshake. It protects nothing: a
 * certificate here is a name, and whoever holds the object is believed to be its owner.
 */
import { InvalidCertificate, PeerVerifyError } from "../core/errors/tls.ts";
import type { PrivateCertificateLike, TLSOptions, TLSSession } from "../core/transport.ts";

/** Stands for all the messages of one side's handshake. */
export interface Hello {
  readonly certificate: PrivateCertificateLike | undefined;
}

/** A certificate for pretended TLS: a name, and its own authority. No key belongs to it. */
export function fakeCertificate(commonName: string): PrivateCertificateLike {
  const text = `pretended certificate of ${commonName}\n`;
  return { commonName, toPEM: () => text, toPEMWithKey: () => text };
}

/** @throws InvalidCertificate as a transport with real TLS does */
export function checkFakeTLS({ verifyAuthorities, serverName }: TLSOptions): void {
  if (verifyAuthorities?.length === 0)
    throw new InvalidCertificate("an empty list of authorities trusts nobody");
  if (serverName !== undefined && verifyAuthorities === undefined)
    throw new InvalidCertificate("serverName needs verifyAuthorities");
}

/**
 * What a pretended handshake has come to.
 * @throws PeerVerifyError when the peer's certificate is not one of `verifyAuthorities` itself, or bears another
 *   name than `serverName`
 */
export function fakeSession(options: TLSOptions, peer: Hello): TLSSession {
  const { localCertificate, verifyAuthorities, serverName } = options;
  const { certificate } = peer;
  const trusted = verifyAuthorities?.some((authority) => authority.toPEM() === certificate?.toPEM()) ?? true;
  if (!trusted)
    throw new PeerVerifyError(
      `nobody vouches for the peer, ${certificate?.commonName ?? "which is anonymous"}`,
    );
  if (serverName !== undefined && serverName !== certificate?.commonName)
    throw new PeerVerifyError(`the peer is ${certificate?.commonName}, not ${serverName}`);
  return {
    peerCertificate: certificate,
    hostCertificate: localCertificate,
    protocol: "pretended",
    cipher: "none",
    verified: verifyAuthorities !== undefined,
  };
}
