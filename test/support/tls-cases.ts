/**
 * Outcomes of handshakes by the options of each end. They are the same for both roles, and independent of the end that
 * called StartTLS: the end that opened the connection is the TLS client.
 */
import type { TLSOptions, TLSVersion } from "ampwire/node";
import type { TestCertificates } from "./certificates.ts";
import type { TLSSide } from "./tls-side.ts";

export interface TLSCase {
  readonly name: string;
  readonly client: TLSSide;
  readonly server: TLSSide;
  /** The end that rejects the other's certificate, and the message if that is this end. Undefined if TLS is established. */
  readonly refusedBy?: "client" | "server";
  readonly reason?: RegExp;
  /** Set if the version matters. */
  readonly version?: TLSVersion;
}

/** Options of `side` for this library. */
export function ourTLS({ certificate, authorities }: TLSSide, version?: TLSVersion): TLSOptions {
  return {
    localCertificate: certificate,
    verifyAuthorities: authorities,
    minVersion: version,
    maxVersion: version,
  };
}

/** Options of `side` for Twisted, which names versions by their numbers. */
export function twistedTLS(side: TLSSide, version?: TLSVersion): TLSSide {
  const number = version?.slice("TLSv".length);
  return number === undefined ? side : { ...side, oldest: number, newest: number };
}

export function tlsCases(known: TestCertificates): readonly TLSCase[] {
  const demanding: TLSSide = { certificate: known.server, authorities: [known.authority] };
  const trusting: TLSSide = { authorities: [known.authority] };
  const mutual = { client: { ...trusting, certificate: known.client }, server: demanding };
  return [
    ...accepted(known, demanding, trusting),
    { name: "both verified, TLS 1.2", ...mutual, version: "TLSv1.2" },
    { name: "both verified, TLS 1.3", ...mutual, version: "TLSv1.3" },
    ...servers(known, trusting),
    ...clients(known, demanding, trusting).flatMap((one): TLSCase[] => [
      { ...one, name: `${one.name}, TLS 1.2`, version: "TLSv1.2" },
      // The client's handshake ends before the server has checked its certificate.
      { ...one, name: `${one.name}, TLS 1.3`, version: "TLSv1.3" },
    ]),
  ];
}

function accepted(known: TestCertificates, demanding: TLSSide, trusting: TLSSide): TLSCase[] {
  const server = { certificate: known.server };
  return [
    { name: "no verification", client: {}, server },
    { name: "the server verified", client: trusting, server },
    {
      name: "the server verified through an intermediate authority",
      client: trusting,
      server: { certificate: known.chainedServer },
    },
    {
      name: "the server verified by one of two authorities",
      client: { authorities: [known.otherAuthority, known.authority] },
      server,
    },
    { name: "the client verified", client: { certificate: known.client }, server: demanding },
  ];
}

function servers(known: TestCertificates, trusting: TLSSide): TLSCase[] {
  const refused = (name: string, certificate: TLSSide["certificate"], reason: RegExp): TLSCase => ({
    name,
    client: trusting,
    server: certificate === undefined ? {} : { certificate },
    refusedBy: "client",
    reason,
  });
  return [
    {
      ...refused(
        "a server of another authority",
        known.server,
        /CN=calc\.example.*does not lead to.*Other CA/,
      ),
      client: { authorities: [known.otherAuthority] },
    },
    refused("a server of an impostor with the authority's name", known.impostorServer, /CN=calc\.example/),
    refused("an expired server", known.expiredServer, /CN=calc\.example.*it expired on 20/),
    refused("a server that is not valid yet", known.futureServer, /CN=calc\.example.*not valid before 20/),
    refused("a self-signed server", known.selfSigned, /CN=self-signed, self-signed.*it is self-signed/),
  ];
}

function clients(known: TestCertificates, demanding: TLSSide, trusting: TLSSide): TLSCase[] {
  const refused = (name: string, certificate: TLSSide["certificate"], reason: RegExp): TLSCase => ({
    name,
    client: certificate === undefined ? trusting : { ...trusting, certificate },
    server: demanding,
    refusedBy: "server",
    reason,
  });
  return [
    refused("a client without certificate", undefined, /did not present a certificate/),
    refused("a client of another authority", known.otherClient, /does not lead to.*Test CA/),
    refused("an expired client", known.expiredClient, /expired/),
    refused("a client's certificate for another purpose", known.wrongPurpose, /not made for TLS clients/),
  ];
}
