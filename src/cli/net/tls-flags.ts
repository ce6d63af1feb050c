/**
 * The flags that say what we present and demand in a TLS handshake.
 *
 * Who connects verifies the peer unless told not to: against `--ca`, or else the public authorities that Node knows,
 * and against the name in the address. A tool that asks nobody would teach people to ask nobody.
 */
import * as tls from "node:tls";
import { Certificate, PrivateCertificate, type TLSOptions } from "../../node/index.ts";
import { readPEM } from "../certificate/files.ts";
import { UsageError } from "../cli-error.ts";
import type { Address } from "./address.ts";

export const serverFlags = {
  cert: { type: "string", value: "FILE", help: "PEM with our certificate and its key" },
  ca: { type: "string", value: "FILE", help: "PEM with the authorities that must have issued the peer's" },
} as const;

export const clientFlags = {
  starttls: { type: "boolean", help: "turn to TLS before anything else is asked" },
  ...serverFlags,
  "server-name": {
    type: "string",
    value: "NAME",
    help: "the name in the peer's certificate, if not the address's; '' for any",
  },
  insecure: { type: "boolean", help: "encrypt, but verify nobody" },
} as const;

export interface ServerFlags {
  readonly cert?: string | undefined;
  readonly ca?: string | undefined;
}

export interface ClientFlags extends ServerFlags {
  readonly starttls?: boolean | undefined;
  readonly "server-name"?: string | undefined;
  readonly insecure?: boolean | undefined;
}

/** @throws InvalidCertificate, Misuse for a file that cannot be read */
export function serverTLS({ cert, ca }: ServerFlags): TLSOptions {
  return {
    localCertificate: cert === undefined ? undefined : PrivateCertificate.loadPEM(readPEM(cert)),
    verifyAuthorities: ca === undefined ? undefined : Certificate.loadBundle(readPEM(ca)),
  };
}

/**
 * @throws Misuse for flags that contradict each other or a file that cannot be read, InvalidCertificate
 */
export function clientTLS(flags: ClientFlags, address: Address): TLSOptions {
  const { insecure, ca, "server-name": serverName } = flags;
  const encrypts = flags.starttls === true || address.kind === "tls";
  for (const name of ["cert", "ca", "server-name", "insecure"] as const) {
    if (!encrypts && flags[name] !== undefined) {
      throw new UsageError(`--${name} says how to use TLS`, "together with --starttls, or a tls:// address");
    }
  }
  if (!encrypts) return {};
  if (insecure && (ca !== undefined || serverName !== undefined)) {
    throw new UsageError("--insecure verifies nobody", "leave it out, or leave out --ca and --server-name");
  }
  const given = serverTLS(flags);
  if (insecure) return given;
  const name = serverName ?? (address.kind === "unix" ? "" : address.host);
  return {
    ...given,
    verifyAuthorities: given.verifyAuthorities ?? publicAuthorities(),
    serverName: name === "" ? undefined : name,
  };
}

/** What Node trusts: with `NODE_EXTRA_CA_CERTS` and the system's where this Node can tell. */
function publicAuthorities(): Certificate[] {
  const { getCACertificates } = tls as { getCACertificates?: () => string[] }; // since Node 22.15
  return (getCACertificates?.() ?? [...tls.rootCertificates]).map((pem) => Certificate.loadPEM(pem));
}
