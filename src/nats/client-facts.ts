/** Facts about a client of an edge, as headers: the edge writes them, and workers read them. */
import type { AmpConnection } from "../core/command/types.ts";
import type { Address, CertificateLike, TLSSession } from "../core/transport.ts";
import { ReceivedCertificate } from "./certificate.ts";
import {
  ADDRESS_HEADER,
  asciiJSON,
  CERTIFICATE_HEADER,
  CONNECTION_HEADER,
  type HeaderValues,
  headerOf,
  IDENTITY_HEADER,
  TLS_HEADER,
} from "./headers.ts";
import type { NatsMessage } from "./nats-connection.ts";

/**
 * Returns the headers that describe a client.
 * @param client `EDGE.ID`
 * @param identity result of `identify` as JSON
 */
export function factsOf(
  connection: AmpConnection,
  client: string,
  identity: string | undefined,
): HeaderValues {
  const { tls, remoteAddress } = connection;
  return {
    [CONNECTION_HEADER]: client,
    [ADDRESS_HEADER]: remoteAddress === undefined ? undefined : asciiJSON(remoteAddress),
    [TLS_HEADER]: tls === undefined ? undefined : `${tls.protocol || "TLS"} ${tls.cipher || "unknown"}`,
    // A certificate that the handshake has not verified proves nothing.
    [CERTIFICATE_HEADER]: tls?.verified === true ? base64Of(tls.peerCertificate) : undefined,
    [IDENTITY_HEADER]: identity,
  };
}

/** PEM is base64 of the DER bytes between two lines. */
function base64Of(certificate: CertificateLike | undefined): string | undefined {
  const [, body] = /-----BEGIN CERTIFICATE-----([^-]*)/.exec(certificate?.toPEM() ?? "") ?? [];
  return body?.replace(/\s/g, "");
}

/** Reads the TLS session of the client. */
export function sessionOf(message: NatsMessage): TLSSession | undefined {
  const [protocol, cipher = ""] = headerOf(message, TLS_HEADER)?.split(" ") ?? [];
  if (protocol === undefined) return undefined;
  const peerCertificate = certificateOf(message);
  return {
    protocol,
    cipher,
    peerCertificate,
    hostCertificate: undefined,
    verified: peerCertificate !== undefined,
  };
}

function certificateOf(message: NatsMessage): CertificateLike | undefined {
  const base64 = headerOf(message, CERTIFICATE_HEADER);
  return base64 === undefined ? undefined : ReceivedCertificate.fromBase64(base64);
}

/** Reads the address of the client. */
export function addressOf(message: NatsMessage): Address | undefined {
  const value = parsed(headerOf(message, ADDRESS_HEADER));
  if (typeof value === "string") return value;
  const { address, port, family } = (value ?? {}) as Record<string, unknown>; // only read
  if (typeof address !== "string" || typeof port !== "number") return undefined;
  return { address, port, family: family === "IPv6" ? "IPv6" : "IPv4" };
}

/** Reads the identity that the edge has added. */
export function identityOf(message: NatsMessage): Readonly<Record<string, unknown>> | undefined {
  const value = parsed(headerOf(message, IDENTITY_HEADER));
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}

function parsed(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}
