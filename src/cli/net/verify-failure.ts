/** Explains a server certificate that no public CA has issued, if the user has not named a CA. */
import { PeerVerifyError } from "../../index.ts";
import { Failure } from "../cli-error.ts";
import { systemCode } from "./reason.ts";

/** Codes of OpenSSL for a chain that leads to no trusted CA. */
const UNTRUSTED = new Set([
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
]);

/** Returns a Failure with a hint if `--ca` would help. Other errors are returned unchanged. */
export function verifyFailure(error: unknown, { ca }: { readonly ca?: string | undefined }): unknown {
  if (ca !== undefined || !(error instanceof PeerVerifyError)) return error;
  if (systemCode(error, (code) => UNTRUSTED.has(code)) === undefined) return error;
  const hint =
    "--ca FILE sets the CA; without it only public CAs are trusted; --insecure disables verification";
  return new Failure(error.message, hint, { code: error.code, cause: error });
}
