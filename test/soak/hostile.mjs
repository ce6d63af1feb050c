/**
 * `npm run soak -- --hostile`: honest connections first without, then with hostile ones. It ends with a table of figures.
 * A promise is broken if honest calls become slower than {@link MAX_RATIO}, or if the memory of the server grows.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Client, latencies, tally } from "./client.mjs";
import { Report } from "./commands.mjs";
import { SERVER_LIMITS } from "./limits.mjs";
import { longestStall, percentile } from "./measures.mjs";

/** Largest allowed p99 of honest calls under attack, relative to their p99 without attack. */
const MAX_RATIO = 3;
/** Lowest p99 in milliseconds that counts as one: below this the scheduler of the system dominates. */
const LOWEST_P99 = 5;
/** How a latency is measured: see `latencies` in client.mjs. */
const MEASURES = { worked: "CPU time", wall: "time" };
/** Largest allowed growth of live memory between the middle and the end of the attack. */
const MAX_GROWTH = 1.2;
/** Megabytes by which a small heap differs from one collection to the next. Less does not count as growth. */
const MEMORY_NOISE = 15;
/** Memory in MB beyond the limits of the server: connections, TLS sessions, and what the system has not freed yet. */
const OTHER_MEMORY = 150;
/** Longest allowed stall of the event loop of the server, in milliseconds of its own CPU time. */
const MAX_STALL = 100;

/**
 * @param {{ clients: Client[], watcher: Client, seconds: number, hostile: object }} soak
 * @returns the promises: what is promised, if it was kept, and the figure
 */
export async function underAttack({ clients, watcher, seconds, hostile }) {
  const runs = clients.map((client) => client.run(1000, false));
  await phase("warm-up", 5, watcher);
  const calm = await phase("calm", Math.max(5, seconds / 4), watcher);
  const attackers = fork(fileURLToPath(new URL("attackers.mjs", import.meta.url)), {
    env: { ...process.env, SOAK_ATTACK: JSON.stringify(hostile) },
  });
  await once(attackers, "message");
  const attacked = await phase("attack", seconds, watcher);
  attackers.send("report");
  const [rounds] = await once(attackers, "message");
  attackers.disconnect();
  await once(attackers, "exit");
  await Promise.all(clients.map((client) => client.stop()));
  await Promise.all(runs);

  console.log("\nattacks (finished rounds)");
  for (const [name, count] of Object.entries(rounds)) console.log(`  ${name.padEnd(34)} ${count}`);
  console.log(
    `\n${"honest calls (ms)".padEnd(20)} ${["number", "p50", "p99", "max"].map((t) => t.padStart(9)).join("")}`,
  );
  for (const measure of ["worked", "wall"])
    for (const { name, times } of [calm, attacked])
      console.log(
        row(
          `${name}, ${MEASURES[measure]}`,
          times.map((time) => time[measure]),
        ),
      );

  const p99 = ({ times }) =>
    percentile(
      times.map(({ worked }) => worked),
      0.99,
    );
  const before = Math.max(LOWEST_P99, p99(calm));
  const during = p99(attacked);
  const memory = attacked.reports.map(({ heapMB }) => heapMB);
  const [middle, end] = [mean(memory.slice(3, 6)), mean(memory.slice(-3))];
  const most = Math.max(...memory);
  const allowed =
    calm.reports[0].heapMB +
    (SERVER_LIMITS.maxBytesInProgress * 2 + SERVER_LIMITS.maxUnsentBytes) / 1e6 +
    OTHER_MEMORY;
  const stall = Math.max(...attacked.reports.map(({ stallMs }) => stallMs));
  return [
    [
      `p99 under attack is at most ${MAX_RATIO} times the p99 without`,
      during <= MAX_RATIO * before,
      `${during.toFixed(1)} ms, without ${before.toFixed(1)} ms: x${(during / before).toFixed(2)}`,
    ],
    [
      "every honest call is answered",
      tally.lost === 0,
      `${tally.answered + tally.declared} answered, ${tally.lost} lost`,
    ],
    [
      "memory of the server is flat",
      end < MAX_GROWTH * middle + MEMORY_NOISE,
      `${Math.round(middle)} MB, then ${Math.round(end)} MB`,
    ],
    [
      "memory of the server stays within its limits",
      most < allowed,
      `${most} MB of ${Math.round(allowed)} MB`,
    ],
    [`no stall of the server over ${MAX_STALL} ms`, stall <= MAX_STALL, `${stall} ms`],
  ];
}

function row(name, times) {
  const figures = [times.length, percentile(times, 0.5), percentile(times, 0.99), Math.max(0, ...times)];
  return `  ${name.padEnd(18)} ${figures.map((figure) => String(Math.round(figure * 10) / 10).padStart(9)).join("")}`;
}

const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / Math.max(1, numbers.length);

/** Records the latencies of some seconds, and ten reports of the server. */
async function phase(name, seconds, watcher) {
  const times = [];
  const reports = [];
  await watcher.connection.callRemote(Report); // the stalls until now belong to the phase before
  for (let part = 1; part <= 10; part++) {
    latencies.recorded = times;
    await sleep(seconds * 100);
    // The report costs a garbage collection, which no honest call has to wait for otherwise.
    latencies.recorded = undefined;
    reports.push(await watcher.connection.callRemote(Report));
    longestStall();
    await sleep(200);
    const { heapMB, connections, stallMs } = reports.at(-1);
    const p99 = percentile(
      times.map(({ worked }) => worked),
      0.99,
    ).toFixed(1);
    console.log(
      `${name} ${part}/10  connections ${connections}  serverMB ${heapMB}  serverStall ${stallMs}  honest p99 ${p99} ms`,
    );
  }
  return { name, times, reports };
}
