/** `ampwire certificate issue`: certificates for hosts and clients. */
import { existsSync } from "node:fs";
import { PrivateCertificate } from "../../node/index.ts";
import { UsageError } from "../cli-error.ts";
import { subcommand } from "../subcommand.ts";
import { daysOf, fileFlags, readPEM, writePEM } from "./files.ts";

export const issue = subcommand({
  name: "certificate issue",
  summary: "issue a certificate for a host or a client",
  usage: "ampwire certificate issue NAME [--host HOST ...]",
  operands: [1, 1],
  about: `Writes NAME.pem, the certificate and its key: what --cert takes. A client looks whether the server's
certificate is for the host that it has called, so a server's needs a --host for each name and IP address.`,
  options: {
    host: {
      type: "string",
      multiple: true,
      value: "HOST",
      help: "a host name or IP address; may come again",
    },
    authority: { type: "string", value: "FILE", help: "who issues it (default authority-key.pem)" },
    "common-name": { type: "string", value: "TEXT", help: "what it is called inside (default NAME)" },
    ...fileFlags,
  },
  examples: [
    ["ampwire certificate issue server --host calc.example --host 127.0.0.1", "server.pem, for a server"],
    ["ampwire certificate issue alice", "alice.pem, for a client"],
  ],
  async run({ values: flags, positionals: [name = ""], terminal }) {
    const from = flags.authority ?? "authority-key.pem";
    if (!existsSync(from))
      throw new UsageError(`there is no file ${from}`, "ampwire certificate authority makes one");
    const authority = PrivateCertificate.loadPEM(readPEM(from));
    const made = await authority.issue({
      commonName: flags["common-name"] ?? name.replace(/^.*[/\\]/, ""),
      hostNames: flags.host,
      validForDays: daysOf(flags),
    });
    const file = `${name}.pem`;
    writePEM(file, made.toPEMWithKey(), { secret: true, force: flags.force === true });
    terminal.result(
      { certificate: file },
      () => `${file}: the certificate and its key, issued by ${authority.subject}`,
    );
    return 0;
  },
});
