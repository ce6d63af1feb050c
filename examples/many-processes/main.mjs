/**
 * Replaces three server processes under load, without a failed call; then kills one.
 *
 * Usage: node main.mjs [--calls NUMBER] [--without-haproxy]; NUMBER is the least number of calls in each part, default 2000.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Callers } from "./callers.mjs";
import { writeCertificates } from "./certificates.mjs";
import { Balance, Withdraw } from "./commands.mjs";
import { Fleet } from "./fleet.mjs";
import { hasHAProxy, startHAProxy } from "./haproxy.mjs";

const PROCESSES = 3;
const CLIENTS = 6;

const { values } = parseArgs({
  options: {
    calls: { type: "string", default: "2000" },
    "without-haproxy": { type: "boolean", default: false },
  },
});
const calls = Number(values.calls);

const folder = mkdtempSync(join(tmpdir(), "many-processes-"));
const startTLS = await writeCertificates(folder);
const fleet = new Fleet(folder);
await fleet.start(PROCESSES);

const useHAProxy = !values["without-haproxy"] && hasHAProxy();
const balancer = useHAProxy ? await startHAProxy(fleet.ports, folder) : undefined;
console.log(
  useHAProxy
    ? `${PROCESSES} processes behind HAProxy`
    : `${PROCESSES} processes without HAProxy: each client knows their addresses`,
);
const ports = balancer === undefined ? fleet.ports : [balancer.port];
const options = { addresses: ports.map((port) => ({ host: "127.0.0.1", port })), startTLS };

const withdrawals = new Callers(CLIENTS, options);
withdrawals.start(Withdraw, { amount: 1 });
for (let index = 0; index < PROCESSES; index++) await fleet.replace(index);
await withdrawals.answers(calls);
await withdrawals.stop();
report("replaced by SIGTERM, calls that must not be repeated", withdrawals);
if (withdrawals.counts.failed > 0) process.exitCode = 1;

const questions = new Callers(CLIENTS, options);
const unrepeated = new Callers(CLIENTS, options);
questions.start(Balance);
unrepeated.start(Withdraw, { amount: 1 });
await questions.answers(calls / 2);
await fleet.crash(0);
await questions.answers(calls);
await Promise.all([questions.stop(), unrepeated.stop()]);
report("one killed by SIGKILL, calls that may be repeated", questions);
report("one killed by SIGKILL, calls that must not be repeated", unrepeated);
if (questions.counts.failed > 0) process.exitCode = 1;

await balancer?.stop();
await fleet.stop();
rmSync(folder, { recursive: true });

function report(what, { counts, reasons, processes }) {
  console.log(`${what}: ${counts.answered} answered by ${processes.size} processes, ${counts.failed} failed`);
  for (const [name, count] of reasons) console.log(`  ${count} ${name}`);
}
