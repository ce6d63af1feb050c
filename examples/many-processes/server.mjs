/**
 * One server process. Prints `listening PORT`, and `draining` as soon as it accepts no more connections. SIGTERM ends it:
 * it finishes what is in progress, and its clients move to other processes.
 *
 * Usage: node server.mjs PORT FOLDER, with the certificates in FOLDER (see certificates.mjs)
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { locator } from "ampwire";
import { Certificate, listen, PrivateCertificate } from "ampwire/node";
import { Balance, Withdraw } from "./commands.mjs";
import { record } from "./ledger.mjs";

const [port, folder] = process.argv.slice(2);
const read = (name) => readFileSync(join(folder, name));
/** Work that takes up to ten milliseconds. */
const work = () => sleep(Math.random() * 10);
let withdrawals = 0;

const server = await listen({
  host: "127.0.0.1",
  port: Number(port),
  requireTLS: true,
  tls: {
    localCertificate: PrivateCertificate.loadPEM(read("server.pem")),
    verifyAuthorities: [Certificate.loadPEM(read("ca.pem"))],
  },
  locator: locator(
    Withdraw.responder(async ({ id }) => {
      const receipt = `${process.pid}-${++withdrawals}`;
      record(folder, id, receipt);
      await work();
      return { receipt, process: process.pid };
    }),
    Balance.responder(async () => {
      await work();
      return { balance: 100, process: process.pid };
    }),
  ),
});
console.log(`listening ${server.address().port}`);

process.once("SIGTERM", async () => {
  const closed = server.close({ timeout: 10_000 });
  console.log("draining");
  await closed;
  process.exit(0);
});
