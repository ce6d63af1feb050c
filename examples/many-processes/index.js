/**
 * Replaces three server processes under load, without a failed call; then kills one.
 *
 * Usage: node examples/many-processes [--calls NUMBER] [--without-haproxy]
 *
 * NUMBER is the least number of calls while processes are replaced, default 2000. A quarter of it is called while one is killed.
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
import { audit } from "./ledger.mjs";

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
for (let index = 0; index < PROCESSES; index++) {
  await withdrawals.answers((calls * (index + 1)) / (PROCESSES + 1)); // so that each process is replaced under load
  await fleet.replace(index);
}
await withdrawals.answers(calls);
await withdrawals.stop();
report("replaced by SIGTERM, calls that must not be repeated", withdrawals);

const questions = new Callers(CLIENTS, options);
const unrepeated = new Callers(CLIENTS, options);
questions.start(Balance);
unrepeated.start(Withdraw, { amount: 1 });
await questions.answers(calls / 8);
await fleet.crash(0);
await questions.answers(calls / 4);
await Promise.all([questions.stop(), unrepeated.stop()]);
report("one killed by SIGKILL, calls that may be repeated", questions);
report("one killed by SIGKILL, calls that must not be repeated", unrepeated);

await balancer?.stop();
await fleet.stop();
const { executed, twice, wrong } = audit(folder, [...withdrawals.receipts, ...unrepeated.receipts]);
console.log(
  `ledger: ${executed} withdrawals, ${twice} executed twice, ${wrong} answered with a wrong receipt`,
);
rmSync(folder, { recursive: true });

const failed = withdrawals.counts.failed + questions.counts.failed;
if (failed + twice + wrong > 0) process.exitCode = 1;

function report(what, { counts, reasons, processes }) {
  const { begun, answered, failed } = counts;
  console.log(
    `${what}: ${begun} begun, ${answered} answered by ${processes.size} processes, ${failed} failed`,
  );
  for (const [name, count] of reasons) console.log(`  ${count} ${name}`);
}
