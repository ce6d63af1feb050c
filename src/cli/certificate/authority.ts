/** `ampwire certificate authority`: creates a private certificate authority (CA). */
import { safeText } from "../../core/errors/safe-text.ts";
import { PrivateCertificate } from "../../node/index.ts";
import { subcommand } from "../subcommand.ts";
import { checkName, checkSubject, daysOf, fileFlags, writePEMFiles } from "./files.ts";

export const authority = subcommand({
  name: "certificate authority",
  summary: "create a private certificate authority",
  usage: "ampwire certificate authority [NAME]",
  operands: [0, 1],
  about: `Writes the CA certificate to NAME.pem: give it to peers, which pass it as --ca. Writes the certificate and its
private key to NAME-key.pem, which issues certificates: keep this file secret. NAME defaults to "authority".`,
  options: {
    "common-name": { type: "string", value: "TEXT", help: "set the subject common name (default NAME)" },
    ...fileFlags,
  },
  examples: [
    ["ampwire certificate authority", "write authority.pem and authority-key.pem"],
    [
      'ampwire certificate authority ca --common-name "Calc CA" --days 3650',
      "write ca.pem and ca-key.pem, valid for ten years",
    ],
  ],
  async run({ values: flags, positionals: [name = "authority"], terminal }) {
    checkName(name);
    const force = flags.force === true;
    const commonName = flags["common-name"] ?? name.replace(/^.*[/\\]/, "");
    const validForDays = daysOf(flags);
    checkSubject(commonName);
    const made = await PrivateCertificate.authority({ commonName, validForDays });
    const files = { certificate: `${name}.pem`, key: `${name}-key.pem` };
    writePEMFiles(
      [
        { path: files.key, pem: made.toPEMWithKey(), secret: true },
        { path: files.certificate, pem: made.toPEM(), secret: false },
      ],
      force,
    );
    terminal.printResult(
      files,
      () =>
        `${safeText(files.certificate)}: CA certificate, for peers\n${safeText(files.key)}: CA certificate and private key, secret`,
    );
    return 0;
  },
});
