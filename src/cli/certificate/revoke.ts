/** `ampwire certificate revoke` and `ampwire certificate crl`: maintain the revocation list of a private CA. */
import { existsSync } from "node:fs";
import { safeText } from "../../core/errors/safe-text.ts";
import type { Certificate, PrivateCertificate } from "../../node/index.ts";
import { UsageError } from "../cli-error.ts";
import { subcommand } from "../subcommand.ts";
import {
  daysOf,
  passphraseFlag,
  readBundle,
  readPrivateCertificate,
  readRevocationList,
  signedBy,
  writePEMFiles,
} from "./files.ts";
import { whileLocked } from "./lock.ts";

const options = {
  authority: {
    type: "string",
    value: "FILE",
    help: "read the CA certificate and key (default authority-key.pem)",
  },
  "passphrase-file": passphraseFlag("--authority"),
  days: {
    type: "string",
    value: "DAYS",
    help: "set the validity of the list from now, in days (default 30)",
  },
} as const;

interface Flags {
  readonly authority?: string;
  readonly "passphrase-file"?: string;
  readonly days?: string;
}

const DEFAULT_DAYS = "30";

export const revoke = subcommand({
  name: "certificate revoke",
  summary: "add certificates to the revocation list of a CA",
  usage: "ampwire certificate revoke FILE ...",
  operands: [1, Number.POSITIVE_INFINITY],
  about: `Adds the first certificate of each file to the revocation list next to the CA (authority-crl.pem for
authority-key.pem), and signs the list. Peers pass the list as --crl. It expires: "ampwire certificate crl" renews it.`,
  options,
  examples: [["ampwire certificate revoke alice.pem", "add alice's certificate to authority-crl.pem"]],
  async run({ values: flags, positionals, terminal }) {
    const revoked = positionals.map((file) => readBundle(file)[0]);
    const file = await signList(flags, revoked);
    terminal.printResult({ crl: file, revoked: revoked.map(({ subject }) => subject) }, () =>
      revoked.map(({ subject }) => `${safeText(file)}: revoked ${safeText(subject)}`).join("\n"),
    );
    return 0;
  },
});

export const crl = subcommand({
  name: "certificate crl",
  summary: "create or renew the revocation list of a CA",
  usage: "ampwire certificate crl",
  operands: [0, 0],
  about: `Signs the revocation list next to the CA again (authority-crl.pem for authority-key.pem), with a new validity and the
same certificates. Creates an empty list if there is none. Run it before the list expires: peers with an expired list refuse
every certificate of the CA.`,
  options,
  examples: [["ampwire certificate crl --days 7", "sign authority-crl.pem, valid for a week"]],
  async run({ values: flags, terminal }) {
    const file = await signList(flags, []);
    terminal.printResult({ crl: file }, () => `${safeText(file)}: revocation list, for peers`);
    return 0;
  },
});

/** Writes the new list. @returns the name of its file */
async function signList(flags: Flags, revoked: readonly Certificate[]): Promise<string> {
  const from = flags.authority ?? "authority-key.pem";
  if (!existsSync(from))
    throw new UsageError(`cannot find ${from}`, "ampwire certificate authority creates it");
  const authority: PrivateCertificate = readPrivateCertificate(from, flags["passphrase-file"]);
  const file = `${from.replace(/\.[^./\\]*$/, "").replace(/-key$/, "")}-crl.pem`;
  const validForDays = daysOf(flags, DEFAULT_DAYS);
  // Another process may add a certificate at this time: the list written last would lack it.
  await whileLocked(file, async () => {
    const previous = existsSync(file) ? readRevocationList(file) : undefined;
    const pem = await signedBy(() => authority.revocationList({ revoked, previous, validForDays }));
    writePEMFiles([{ path: file, pem, secret: false }], true);
  });
  return file;
}
