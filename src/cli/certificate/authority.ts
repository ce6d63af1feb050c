/** `ampwire certificate authority`: a private authority. */
import { PrivateCertificate } from "../../node/index.ts";
import { subcommand } from "../subcommand.ts";
import { daysOf, fileFlags, writePEM } from "./files.ts";

export const authority = subcommand({
  name: "certificate authority",
  summary: "make a private authority, which issues certificates",
  usage: "ampwire certificate authority [NAME]",
  operands: [0, 1],
  about: `Writes NAME.pem, the certificate that everybody gets as --ca, and NAME-key.pem, with which certificates are
issued: keep that one to yourself. NAME is "authority" where nothing is said.`,
  options: {
    "common-name": { type: "string", value: "TEXT", help: "what it is called inside (default NAME)" },
    ...fileFlags,
  },
  examples: [
    ["ampwire certificate authority", "authority.pem and authority-key.pem"],
    [
      'ampwire certificate authority ca --common-name "Calc CA" --days 3650',
      "ca.pem and ca-key.pem, for ten years",
    ],
  ],
  async run({ values: flags, positionals: [name = "authority"], terminal }) {
    const force = flags.force === true;
    const commonName = flags["common-name"] ?? name.replace(/^.*[/\\]/, "");
    const made = await PrivateCertificate.authority({ commonName, validForDays: daysOf(flags) });
    const files = { certificate: `${name}.pem`, key: `${name}-key.pem` };
    writePEM(files.key, made.toPEMWithKey(), { secret: true, force });
    writePEM(files.certificate, made.toPEM(), { secret: false, force });
    terminal.result(
      files,
      () => `${files.certificate}: the certificate, for everybody\n${files.key}: with its key, for you`,
    );
    return 0;
  },
});
