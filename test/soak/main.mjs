/**
 * `npm run soak`: many connections for two minutes, each with StartTLS, mixed calls both ways and random cuts.
 * It ends with a table of figures, and exits with status 1 if a promise is broken.
 *
 * `npm run soak -- --seconds 20 --connections 200` runs a shorter test. `npm run soak -- --hostile` attacks the server with
 * 200 hostile connections, and measures the latency of 500 honest ones. `--attack "does not read"` is one kind of attack.
 * `npm run soak -- --nats` makes calls over NATS, while workers, edges and NATS servers are killed, stopped and drained.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { PrivateCertificate } from "ampwire/node";
import { Client, latencies, tally } from "./client.mjs";
import { Report, Sum } from "./commands.mjs";
import { underAttack } from "./hostile.mjs";
import { cpuTime, longestStall, memoryMB, preferProcess } from "./measures.mjs";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "120" },
    connections: { type: "string" },
    hostile: { type: "boolean", default: false },
    attackers: { type: "string", default: "200" },
    attack: { type: "string" },
    nats: { type: "boolean", default: false },
  },
});
const seconds = Number(values.seconds);
const count = Number(values.connections ?? (values.hostile ? 500 : 1000));
/** Longest allowed stall of an event loop, in milliseconds of its own CPU time. */
const MAX_STALL = 100;
/** Upgrades at a time. Each takes about two milliseconds of the event loop of both ends. */
const UPGRADES = 8;
/** Largest allowed growth of live memory between the end of the warm-up and the end. */
const MAX_GROWTH = 1.2;

if (values.nats) {
  const { underNats } = await import("./nats.mjs"); // needs a NATS server
  end(await underNats(seconds));
}

preferProcess();
const authority = await PrivateCertificate.authority({ commonName: "Soak Authority" });
const certificate = await authority.issue({ commonName: "localhost", hostNames: ["localhost"] });
const server = fork(fileURLToPath(new URL("server.mjs", import.meta.url)), {
  // As docs/servers.md recommends for a public server.
  execArgv: values.hostile ? ["--max-semi-space-size=64", "--initial-old-space-size=512"] : [],
  env: {
    ...process.env,
    SOAK_CERTIFICATE: certificate.toPEMWithKey(),
    SOAK_HOSTILE: values.hostile ? "1" : "0",
  },
});
const [ports] = await once(server, "message");
const { port } = ports;
latencies.serverPid = server.pid;

longestStall(); // discards the stall of the start, which no promise covers
const clients = Array.from({ length: count }, () => new Client({ port, authority }));
const waiting = [...clients];
const opened = performance.now();
await Promise.all(
  Array.from({ length: UPGRADES }, async () => {
    for (let client = waiting.pop(); client !== undefined; client = waiting.pop()) await client.open();
  }),
);
console.log(`${count} connections upgraded in ${Math.round(performance.now() - opened)} ms`);

// Two more connections: one asks the server for its figures, the other measures its delay during a flood.
const watcher = new Client({ port, authority });
const bystander = new Client({ port, authority });
await Promise.all([watcher.open(), bystander.open()]);
const promises = [
  ...(values.hostile
    ? await underAttack({
        clients,
        watcher,
        seconds,
        hostile: { ...ports, count: Number(values.attackers), only: values.attack },
      })
    : await underLoad()),
  [
    "every call settles once, with the right answer or an error",
    tally.wrong.length === 0,
    `${tally.answered} answered, ${tally.declared} declared errors, ${tally.lost} lost with ${tally.cuts} cuts`,
  ],
  ["no call is left pending", tally.pending === 0, `${tally.pending} pending`],
];
await Promise.all([watcher.stop(), bystander.stop()]);
server.disconnect();
await once(server, "exit");

end(promises);

/** Prints the promises, and ends the process. */
function end(results) {
  console.log();
  for (const [promise, kept, figure] of results)
    console.log(`${kept ? "kept  " : "BROKEN"}  ${promise.padEnd(64)} ${figure}`);
  for (const wrong of tally.wrong.slice(0, 10)) console.log(`        ${wrong}`);
  process.exit(results.every(([, kept]) => kept) ? 0 : 1);
}

async function underLoad() {
  const runs = clients.map((client) => client.run(1000));
  const rows = [];
  const began = performance.now();
  const interval = Math.max(2, Math.round(seconds / 10));
  while (performance.now() - began < seconds * 1000) {
    await sleep(interval * 1000);
    rows.push({ second: Math.round((performance.now() - began) / 1000), ...(await figures()) });
    console.log(
      Object.entries(rows.at(-1))
        .map(([name, value]) => `${name} ${value}`)
        .join("  "),
    );
  }
  const fairness = await flood();
  await Promise.all(clients.map((client) => client.stop()));
  await Promise.all(runs);
  return [
    [
      "memory of the client is flat",
      growth(rows, "clientMB") < MAX_GROWTH,
      `x${growth(rows, "clientMB").toFixed(2)}`,
    ],
    [
      "memory of the server is flat",
      growth(rows, "serverMB") < MAX_GROWTH,
      `x${growth(rows, "serverMB").toFixed(2)}`,
    ],
    [
      `no stall of the server over ${MAX_STALL} ms`,
      Math.max(...rows.map((row) => row.serverStall)) <= MAX_STALL,
      `${Math.max(...rows.map((row) => row.serverStall))} ms`,
    ],
    [
      `no stall of the client over ${MAX_STALL} ms`,
      Math.max(...rows.map((row) => row.clientStall)) <= MAX_STALL,
      `${Math.max(...rows.map((row) => row.clientStall))} ms`,
    ],
    [
      `a bystander waits under ${MAX_STALL} ms while another floods`,
      fairness.worst < MAX_STALL,
      `${fairness.worst.toFixed(1)} ms at most, during ${fairness.flooded} calls`,
    ],
  ];
}

/** Returns the mean live memory of the second half divided by that of the first half after the warm-up. */
function growth(rows, name) {
  const half = Math.ceil(rows.length / 2);
  const mean = (part) => part.reduce((sum, row) => sum + row[name], 0) / Math.max(1, part.length);
  return mean(rows.slice(half)) / mean(rows.slice(Math.min(2, half - 1), half));
}

async function figures() {
  const clientStall = longestStall();
  const report = await watcher.connection.callRemote(Report);
  return {
    calls: tally.answered + tally.declared,
    lost: tally.lost,
    cuts: tally.cuts,
    upgrades: tally.upgrades,
    connections: report.connections,
    clientMB: memoryMB(),
    serverMB: report.heapMB,
    clientStall,
    serverStall: report.stallMs,
  };
}

/**
 * Floods the server over one connection. Returns the longest delay of a call on another: at most the CPU time of both ends,
 * because other processes of a busy machine delay it too.
 */
async function flood() {
  const { connection } = watcher;
  let flooded = 0;
  let flooding = true;
  const worker = async () => {
    while (flooding) {
      await connection.callRemote(Sum, { a: 1, b: 1 });
      flooded++;
    }
  };
  const workers = Array.from({ length: 500 }, worker);
  let worst = 0;
  const until = performance.now() + 2000;
  while (performance.now() < until) {
    const start = performance.now();
    const before = cpuTime() + cpuTime(server.pid);
    await bystander.connection.callRemote(Sum, { a: 1, b: 1 });
    const worked = cpuTime() + cpuTime(server.pid) - before;
    worst = Math.max(worst, Math.min(performance.now() - start, worked));
    await sleep(5);
  }
  flooding = false;
  await Promise.all(workers);
  return { worst, flooded };
}
