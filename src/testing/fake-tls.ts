/**
 * Fake TLS: the message exchange of StartTLS, without encryption and without keys.
 *
 * It serves tests of a connection before, during and after a handshake. It provides no security: a certificate is only a
 * name, and a peer proves its identity by having the object.
 */
import { InvalidCertificate, PeerVerifyError } from "../core/errors/tls.ts";
import type { PrivateCertificateLike, TLSOptions, TLSSession } from "../core/transport.ts";
import { wrongType } from "../core/wire/value-text.ts";

/** The only message of one end's fake handshake. */
export interface Hello {
  readonly certificate: PrivateCertificateLike | undefined;
}

/**
 * Creates a certificate for fake TLS: a name without a key. List it in `verifyAuthorities` to trust it.
 * @param commonName also the name that `serverName` is compared with
 */
export function fakeCertificate(commonName: string): PrivateCertificateLike {
  // A JavaScript program may pass a value of any type.
  if (typeof commonName !== "string") throw wrongType("fakeCertificate: the name", "a string", commonName);
  const text = `fake certificate of ${commonName}\n`;
  return { commonName, toPEM: () => text, toPEMWithKey: () => text };
}

/** @throws InvalidCertificate for the same options as a transport with real TLS */
export function checkFakeTLS({ verifyAuthorities, serverName }: TLSOptions): void {
  if (typeof verifyAuthorities === "string")
    throw new InvalidCertificate(
      `verifyAuthorities ${JSON.stringify(verifyAuthorities)}: fake TLS has no such CAs; list fake certificates`,
    );
  if (verifyAuthorities?.length === 0)
    throw new InvalidCertificate(
      "verifyAuthorities is empty: add a CA, or omit the option to skip verification",
    );
  if (serverName !== undefined && verifyAuthorities === undefined)
    throw new InvalidCertificate(
      "serverName needs verifyAuthorities: the name in an unverified certificate proves nothing",
    );
}

/**
 * Returns the session after a fake handshake.
 * @throws PeerVerifyError if the peer's certificate is not itself in `verifyAuthorities`, or if its name is not
 *   `serverName`
 */
export function fakeSession(options: TLSOptions, peer: Hello): TLSSession {
  const { localCertificate, verifyAuthorities, serverName } = options;
  const { certificate } = peer;
  const trusted =
    verifyAuthorities === undefined ||
    (Array.isArray(verifyAuthorities) &&
      verifyAuthorities.some(({ toPEM }) => toPEM() === certificate?.toPEM()));
  if (!trusted)
    throw new PeerVerifyError(
      certificate === undefined
        ? "the peer did not present a certificate; one is required"
        : `the peer's certificate (${certificate.commonName}) is not trusted: it is not in verifyAuthorities`,
    );
  if (serverName !== undefined && serverName !== certificate?.commonName)
    throw new PeerVerifyError(
      `the peer's certificate is for ${certificate?.commonName}, not for ${serverName}`,
    );
  return {
    peerCertificate: certificate,
    hostCertificate: localCertificate,
    protocol: "fake",
    cipher: "none",
    verified: verifyAuthorities !== undefined,
  };
}
