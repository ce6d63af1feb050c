/**
 * The TLS options of the subcommands.
 *
 * The client verifies the peer unless `--insecure` is set: against `--ca`, or else against the public CAs that Node trusts,
 * and against the host in the address. Verification is the default, because a tool without it would teach users to omit it.
 */
import { namedAuthorities } from "../../node/certificates/authorities.ts";
import type { Certificate, TLSOptions } from "../../node/index.ts";
import {
  passphraseFlag,
  readBundle,
  readPrivateCertificate,
  readRevocationList,
} from "../certificate/files.ts";
import { UsageError } from "../cli-error.ts";
import type { Address } from "./address.ts";

export const serverFlags = {
  cert: { type: "string", value: "FILE", help: "present the certificate and private key in a PEM file" },
  "passphrase-file": passphraseFlag("--cert"),
  ca: { type: "string", value: "FILE", help: "require a peer certificate issued by a CA in a PEM file" },
  crl: {
    type: "string",
    multiple: true,
    value: "FILE",
    help: "refuse certificates that a revocation list (PEM or DER) names; repeatable",
  },
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
  readonly "passphrase-file"?: string | undefined;
  readonly ca?: string | undefined;
  readonly crl?: readonly string[] | undefined;
}

/** TLS options from flags. The CAs are always a list. */
export interface FlagTLS extends TLSOptions {
  readonly verifyAuthorities?: readonly Certificate[] | undefined;
}

export interface ClientFlags extends ServerFlags {
  readonly starttls?: boolean | undefined;
  readonly "server-name"?: string | undefined;
  readonly insecure?: boolean | undefined;
}

/** @throws Failure for an invalid certificate; UsageError for conflicting flags or an unreadable file */
export function serverTLS(flags: ServerFlags): FlagTLS {
  if (flags.crl !== undefined && flags.ca === undefined)
    throw new UsageError("--crl needs --ca", "add --ca FILE with the CA certificates");
  return tlsOf(flags);
}

function tlsOf({ cert, ca, crl, "passphrase-file": passphraseFile }: ServerFlags): FlagTLS {
  if (passphraseFile !== undefined && cert === undefined)
    throw new UsageError("--passphrase-file needs --cert", "add --cert FILE");
  return {
    localCertificate: cert === undefined ? undefined : readPrivateCertificate(cert, passphraseFile),
    verifyAuthorities: ca === undefined ? undefined : readBundle(ca),
    crl: crl?.map(readRevocationList),
  };
}

/** @throws Failure for an invalid certificate; UsageError for conflicting flags or an unreadable file */
export function clientTLS(flags: ClientFlags, address: Address): FlagTLS {
  const { insecure, ca, crl, "server-name": serverName } = flags;
  if (flags.starttls && address.kind === "tls")
    throw new UsageError(
      "StartTLS conflicts with a tls:// address, which uses TLS from the first byte",
      "remove --starttls, or use tcp://",
    );
  const encrypts = flags.starttls === true || address.kind === "tls";
  for (const name of ["cert", "passphrase-file", "ca", "crl", "server-name", "insecure"] as const) {
    if (!encrypts && flags[name] !== undefined) {
      throw new UsageError(`--${name} applies to TLS only`, "add --starttls, or use a tls:// address");
    }
  }
  if (!encrypts) return {};
  if (insecure && (ca !== undefined || serverName !== undefined || crl !== undefined)) {
    throw new UsageError("--insecure conflicts with --ca, --crl and --server-name", "remove one of them");
  }
  const given = tlsOf(flags);
  if (insecure) return given;
  const name = serverName ?? (address.kind === "unix" ? "" : address.host);
  return {
    ...given,
    verifyAuthorities: given.verifyAuthorities ?? namedAuthorities("public"),
    serverName: name === "" ? undefined : name,
  };
}
