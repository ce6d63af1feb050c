/**
 * What a TLS server presents that was given nothing to present, as in Twisted: it encrypts, and vouches for
 * nobody. A client that verifies its peer rejects it.
 */
import { PrivateCertificate } from "./private-certificate.ts";

let kept: Promise<PrivateCertificate> | undefined;

/** The same certificate for the whole life of the process; made when it is first asked for. */
export function temporaryCertificate(): Promise<PrivateCertificate> {
  kept ??= make();
  return kept;
}

async function make(): Promise<PrivateCertificate> {
  try {
    // Ten years: a process may live long, and nobody gains anything by this certificate's expiry.
    return await PrivateCertificate.selfSigned({ commonName: "TEMPORARY CERTIFICATE", validForDays: 3650 });
  } catch (error) {
    kept = undefined; // so that the next upgrade tries again
    throw error;
  }
}
