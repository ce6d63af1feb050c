/** A child that serves every command over standard input and output, or over the two descriptors in its arguments. */
import { attachFileDescriptors, attachStdio } from "ampwire/node";
import { peerLocator } from "../responders.ts";

const [readable, writable] = process.argv.slice(2).map(Number);
const options = { locator: peerLocator() };
const connection =
  readable === undefined || writable === undefined
    ? attachStdio(options)
    : attachFileDescriptors({ readable, writable }, options);
const reason = await connection.closed;
if (reason.name !== "ConnectionClosed") {
  console.error(reason);
  process.exitCode = 1;
}
