/** `ampwire certificate issue`: issues certificates for servers and clients. */
import { existsSync } from "node:fs";
import { safeText } from "../../core/errors/safe-text.ts";
import { UsageError } from "../cli-error.ts";
import { subcommand } from "../subcommand.ts";
import {
  checkName,
  checkSubject,
  daysOf,
  fileFlags,
  passphraseFlag,
  readPrivateCertificate,
  signedBy,
  writePEMFiles,
} from "./files.ts";

const USAGES = ["server", "client", "both"] as const;

export const issue = subcommand({
  name: "certificate issue",
  summary: "issue a certificate for a server or a client",
  usage: "ampwire certificate issue NAME [--host HOST ...]",
  operands: [1, 1],
  about: `Writes the certificate and its private key to NAME.pem, which --cert accepts. Clients check that the server's
certificate names the host that they connect to. So a server needs a --host for each of its names and IP addresses.
A certificate with --host is for a server, any other for a client. A proxy needs --usage both.`,
  options: {
    host: {
      type: "string",
      multiple: true,
      value: "HOST",
      help: "add a host name or IP address; repeatable",
    },
    authority: {
      type: "string",
      value: "FILE",
      help: "read the CA certificate and key (default authority-key.pem)",
    },
    "passphrase-file": passphraseFlag("--authority"),
    usage: {
      type: "string",
      value: "ROLE",
      help: "make it for a server, a client or both (default: server with --host, otherwise client)",
    },
    "common-name": { type: "string", value: "TEXT", help: "set the subject common name (default NAME)" },
    ...fileFlags,
  },
  examples: [
    [
      "ampwire certificate issue server --host calc.example --host 127.0.0.1",
      "write server.pem, for a server",
    ],
    ["ampwire certificate issue alice", "write alice.pem, for a client"],
  ],
  async run({ values: flags, positionals: [name = ""], terminal }) {
    checkName(name);
    const commonName = flags["common-name"] ?? name.replace(/^.*[/\\]/s, "");
    checkSubject(commonName, flags.host);
    const from = flags.authority ?? "authority-key.pem";
    if (!existsSync(from))
      throw new UsageError(`cannot find ${from}`, "ampwire certificate authority creates it");
    const authority = readPrivateCertificate(from, flags["passphrase-file"]);
    const usage = USAGES.find((one) => one === flags.usage);
    if (usage === undefined && flags.usage !== undefined)
      throw new UsageError(`--usage ${JSON.stringify(flags.usage)} must be server, client or both`);
    const validForDays = daysOf(flags);
    const made = await signedBy(() =>
      authority.issue({ commonName, hostNames: flags.host, usage, validForDays }),
    );
    const file = `${name}.pem`;
    writePEMFiles([{ path: file, pem: made.toPEMWithKey(), secret: true }], flags.force === true);
    terminal.printResult(
      { certificate: file },
      () => `${safeText(file)}: certificate and private key, issued by ${safeText(authority.subject)}`,
    );
    return 0;
  },
});
