/** Replaces three server processes under load, without a failed call; then kills one. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Callers } from "./callers.mjs";
import { writeCertificates } from "./certificates.mjs";
import { Balance, Withdraw } from "./commands.mjs";
import { Fleet } from "./fleet.mjs";
import { hasHAProxy, startHAProxy } from "./haproxy.mjs";

const PROCESSES = 3;
const CLIENTS = 6;

const folder = mkdtempSync(join(tmpdir(), "many-processes-"));
const startTLS = await writeCertificates(folder);
const fleet = new Fleet(folder);
await fleet.start(PROCESSES);

const balancer = hasHAProxy() ? await startHAProxy(fleet.ports, folder) : undefined;
console.log(
  balancer === undefined
    ? `${PROCESSES} processes; each client knows their addresses (HAProxy is not installed)`
    : `${PROCESSES} processes behind HAProxy`,
);
const ports = balancer === undefined ? fleet.ports : [balancer.port];
const options = { addresses: ports.map((port) => ({ host: "127.0.0.1", port })), startTLS };

const withdrawals = new Callers(CLIENTS, options);
withdrawals.start(Withdraw, { amount: 1 });
for (let index = 0; index < PROCESSES; index++) await fleet.replace(index);
await withdrawals.stop();
report("replaced by SIGTERM, calls that must not be repeated", withdrawals);

const questions = new Callers(CLIENTS, options);
questions.start(Balance);
await fleet.crash(0);
await questions.stop();
report("one killed by SIGKILL, calls that may be repeated", questions);

await balancer?.stop();
await fleet.stop();
rmSync(folder, { recursive: true });

function report(what, { counts, reasons, processes }) {
  console.log(`${what}: ${counts.answered} answered by ${processes.size} processes, ${counts.failed} failed`);
  for (const [name, count] of reasons) console.log(`  ${count} ${name}`);
  if (counts.failed > 0) process.exitCode = 1;
}
