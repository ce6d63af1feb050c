/** Names of the options of TLS. A misspelt one would disable verification, so unknown names are refused. */
import { checkOptionNames } from "../../option-names.ts";

/** Names of the `tls` option of a connection, on all platforms. */
export const TLS_OPTIONS = [
  "localCertificate",
  "verifyAuthorities",
  "serverName",
  "minVersion",
  "maxVersion",
  "ciphers",
  "crl",
  "keyLog",
  "certificateFor",
] as const;

/** Names of the options of `startTLS`. */
export const START_TLS_OPTIONS = [...TLS_OPTIONS, "requireQuiescent", "timeout", "signal"] as const;

/** Options of `node:tls`, and the options that do the same here. */
const INTENDED: Readonly<Record<string, string>> = {
  ca: "verifyAuthorities",
  rejectUnauthorized: "verifyAuthorities",
  requestCert: "verifyAuthorities",
  checkServerIdentity: "serverName",
  cert: "localCertificate",
  key: "localCertificate",
  pfx: "localCertificate",
  secureProtocol: "minVersion",
};

/** Checks the names of TLS options. @throws TypeError for an unknown name, for null, and for an array or a Map */
export function checkTLSOptionNames(
  what: string,
  given: object | undefined,
  known: readonly string[] = TLS_OPTIONS,
): void {
  checkOptionNames(what, given, known, INTENDED);
}
