/** A TLS stream after a handshake: its session, and the refusal of the client's certificate that may follow. */
import { performance } from "node:perf_hooks";
import type { TLSSocket } from "node:tls";
import type { TLSSession } from "../../core/transport.ts";
import { refusalAfterHandshake } from "./errors.ts";
import type { UpgradeOptions } from "./options.ts";
import { describePeer } from "./peer.ts";
import { chosenCertificate } from "./server.ts";

/** A TLS stream, and the options of its handshake. */
export interface Upgraded {
  readonly stream: TLSSocket;
  readonly settings: UpgradeOptions;
}

/** Returns the error if the end of the stream means that the server refused the client's certificate. */
export type RefusalCheck = (error: Error | undefined) => Error | undefined;

/** Returns the check for a stream whose handshake has just ended. */
export function refusalCheck(settings: UpgradeOptions): RefusalCheck {
  const since = performance.now();
  return (error) =>
    settings.role === "client"
      ? refusalAfterHandshake(error, settings, performance.now() - since)
      : undefined;
}

/** Returns the session after a handshake. */
export function sessionOf({ stream, settings }: Upgraded): TLSSession {
  const { certificate, protocol, cipher } = describePeer(stream);
  return {
    peerCertificate: certificate,
    hostCertificate: chosenCertificate(stream) ?? settings.localCertificate,
    protocol: protocol ?? "TLS",
    cipher: cipher ?? "unknown",
    verified: settings.verifyAuthorities !== undefined,
  };
}
