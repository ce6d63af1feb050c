/**
 * The TLS options of the subcommands.
 *
 * The client verifies the peer unless `--insecure` is set: against `--ca`, or else against the public CAs that Node trusts,
 * and against the host in the address. Verification is the default, because a tool without it would teach users to omit it.
 */
import * as tls from "node:tls";
import { Certificate, PrivateCertificate, type TLSOptions } from "../../node/index.ts";
import { readPEM } from "../certificate/files.ts";
import { UsageError } from "../cli-error.ts";
import type { Address } from "./address.ts";

export const serverFlags = {
  cert: { type: "string", value: "FILE", help: "present the certificate and private key in a PEM file" },
  ca: { type: "string", value: "FILE", help: "require a peer certificate issued by a CA in a PEM file" },
} as const;

export const clientFlags = {
  starttls: { type: "boolean", help: "upgrade to TLS before the first call" },
  ...serverFlags,
  "server-name": {
    type: "string",
    value: "NAME",
    help: "require this name in the peer's certificate; '' for any (default: host of ADDRESS)",
  },
  insecure: { type: "boolean", help: "encrypt without verifying the peer" },
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

/** @throws InvalidCertificate; UsageError for an unreadable file */
export function serverTLS({ cert, ca }: ServerFlags): TLSOptions {
  return {
    localCertificate: cert === undefined ? undefined : PrivateCertificate.loadPEM(readPEM(cert)),
    verifyAuthorities: ca === undefined ? undefined : Certificate.loadBundle(readPEM(ca)),
  };
}

/** @throws InvalidCertificate; UsageError for conflicting flags or an unreadable file */
export function clientTLS(flags: ClientFlags, address: Address): TLSOptions {
  const { insecure, ca, "server-name": serverName } = flags;
  const encrypts = flags.starttls === true || address.kind === "tls";
  for (const name of ["cert", "ca", "server-name", "insecure"] as const) {
    if (!encrypts && flags[name] !== undefined) {
      throw new UsageError(`--${name} applies to TLS only`, "add --starttls, or use a tls:// address");
    }
  }
  if (!encrypts) return {};
  if (insecure && (ca !== undefined || serverName !== undefined)) {
    throw new UsageError("--insecure conflicts with --ca and --server-name", "remove one of them");
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

/** Returns the CAs that Node trusts, including `NODE_EXTRA_CA_CERTS` and CAs of the system if this Node lists them. */
function publicAuthorities(): Certificate[] {
  const { getCACertificates } = tls as { getCACertificates?: () => string[] }; // since Node 22.15
  return (getCACertificates?.() ?? [...tls.rootCertificates]).map((pem) => Certificate.loadPEM(pem));
}
