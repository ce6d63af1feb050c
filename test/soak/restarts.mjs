/**
 * `npm run soak -- --restarts`: server processes are replaced and killed in turn, while clients inside verified StartTLS call
 * them. It prints what failed, and exits with status 1 if a promise is broken.
 *
 * The processes are those of `examples/many-processes`, behind HAProxy if it is installed. `--seconds 20` runs a shorter test.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { Callers } from "../../examples/many-processes/callers.mjs";
import { writeCertificates } from "../../examples/many-processes/certificates.mjs";
import { Balance, Withdraw } from "../../examples/many-processes/commands.mjs";
import { Fleet } from "../../examples/many-processes/fleet.mjs";
import { hasHAProxy, startHAProxy } from "../../examples/many-processes/haproxy.mjs";

const { values } = parseArgs({
  options: { restarts: { type: "boolean" }, seconds: { type: "string", default: "120" } },
});
const seconds = Number(values.seconds);
const PROCESSES = 3;
const CLIENTS = 6;

const folder = mkdtempSync(join(tmpdir(), "ampwire-restarts-"));
const startTLS = await writeCertificates(folder);
const fleet = new Fleet(folder);
await fleet.start(PROCESSES);
const balancer = hasHAProxy() ? await startHAProxy(fleet.ports, folder) : undefined;
console.log(
  balancer === undefined ? "clients know all addresses (HAProxy is not installed)" : "behind HAProxy",
);
const ports = balancer === undefined ? fleet.ports : [balancer.port];
const options = { addresses: ports.map((port) => ({ host: "127.0.0.1", port })), startTLS };

// A call that is not idempotent may fail if its process is killed: two thirds of the time only replaces processes.
const replaced = await phase(Withdraw, { amount: 1 }, (seconds * 2) / 3, (index) => fleet.replace(index));
const killed = await phase(Balance, {}, seconds / 3, (index) => fleet.crash(index));

await balancer?.stop();
await fleet.stop();
rmSync(folder, { recursive: true });

report("processes replaced by SIGTERM, calls that are not idempotent", replaced);
report("processes killed by SIGKILL, idempotent calls", killed);

/** Calls while `change` is applied to one process after the other. */
async function phase(command, args, duration, change) {
  const callers = new Callers(CLIENTS, options);
  callers.start(command, args);
  const end = performance.now() + duration * 1000;
  let changes = 0;
  for (; performance.now() < end; changes++) await change(changes % PROCESSES);
  await callers.stop();
  return { callers, changes };
}

function report(what, { callers: { counts, reasons }, changes }) {
  const kept = counts.failed === 0 && counts.answered > 0;
  console.log(
    `${kept ? "kept  " : "BROKEN"} ${what}: ${changes} times, ${counts.answered} calls, ${counts.failed} failed`,
  );
  for (const [name, count] of reasons) console.log(`         ${count} ${name}`);
  if (!kept) process.exitCode = 1;
}
