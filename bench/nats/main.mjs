/**
 * `npm run bench -- --nats`: CPU time of a small call over NATS with 64 calls in flight, for ampwire and its peers in one run. The
 * CPU time is that of the caller, the worker, the edge and the NATS server. Ratios are medians of samples in turn.
 */
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { natsServer } from "../../scripts/setup.mjs";
import { aligned } from "../report/table.mjs";

const PEERS = [
  ["plain nc.request, JSON", "plain"],
  ["@nats-io/services, JSON", "services"],
  ["moleculer", "moleculer"],
  ["ampwire: caller and worker", "ampwire"],
  ["ampwire: client, edge and worker", "edge"],
];
/** Maximum CPU time as a multiple of that of plain `nc.request`. */
const TARGETS = { ampwire: 0.45, edge: 0.8 };
const WARM_UP = 20_000;
/** Ticks of Linux for CPU times. */
const TICK_US = 10_000;

/** @param options `samples`: number of samples, `calls`: calls of one sample. @returns true if the targets are met */
export async function measureNats({ samples = 7, calls = 20_000 } = {}) {
  const server = spawn(natsServer, ["-a", "127.0.0.1", "-p", "-1"], { stdio: ["ignore", "ignore", "pipe"] });
  const port = await portOf(server);
  const children = [server];
  try {
    const started = [];
    for (const [title, id] of PEERS)
      started.push({ title, id, ...(await start(id, port, children)), costs: [], rates: [] });
    for (const peer of started) await sample(peer, server.pid, WARM_UP);
    for (let turn = 0; turn < samples; turn++) {
      for (const peer of turn % 2 === 0 ? started : [...started].reverse()) {
        const { cost, rate } = await sample(peer, server.pid, calls);
        peer.costs.push(cost);
        peer.rates.push(rate);
      }
    }
    return report(started);
  } finally {
    for (const child of children) child.kill("SIGKILL");
  }
}

async function portOf(server) {
  for await (const line of createInterface({ input: server.stderr })) {
    const [, port] = /client connections on [\d.]+:(\d+)/.exec(line) ?? [];
    if (port !== undefined) {
      server.stderr.resume();
      return port;
    }
  }
  throw new Error("nats-server has ended");
}

async function start(id, port, children) {
  const child = async (role, ...args) => {
    const started = fork(fileURLToPath(new URL("child.mjs", import.meta.url)), [id, role, port, ...args]);
    children.push(started);
    const { ready } = await messageOf(started);
    return { child: started, ready };
  };
  const others = [(await child("server")).child];
  const args = [];
  if (id === "edge") {
    const { child: front, ready } = await child("edge");
    others.push(front);
    args.push(String(ready));
  }
  return { client: (await child("client", ...args)).child, others };
}

async function sample({ client, others }, pid, calls) {
  for (const other of others) await ask(other, { reset: true });
  const before = ticksOf(pid);
  const own = await ask(client, { reset: true, calls });
  let cpu = own.cpu + (ticksOf(pid) - before) * TICK_US;
  for (const other of others) cpu += (await ask(other, {})).cpu;
  return { cost: cpu / calls, rate: (calls / own.milliseconds) * 1000 };
}

async function ask(child, message) {
  child.send(message);
  return await messageOf(child);
}

/** @throws Error if the process ends first */
async function messageOf(child) {
  const stop = new AbortController();
  const ended = once(child, "exit", { signal: stop.signal }).then(([code]) => {
    throw new Error(`${child.spawnargs.slice(1).join(" ")} has ended with ${code}`);
  });
  ended.catch(() => {});
  try {
    const [message] = await Promise.race([once(child, "message"), ended]);
    return message;
  } finally {
    stop.abort();
  }
}

/** User and system time of a process in ticks. */
function ticksOf(pid) {
  const [, rest] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
  const fields = rest.split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

function report(started) {
  const [plain] = started;
  let isMet = true;
  const rows = [["", "CPU", "rate", "target", "us per call"]];
  for (const { title, id, costs, rates } of started) {
    const ratio = median(costs.map((cost, turn) => cost / plain.costs[turn]));
    const rate = median(rates.map((one, turn) => one / plain.rates[turn]));
    const target = TARGETS[id];
    if (target !== undefined && ratio > target) isMet = false;
    rows.push([
      title,
      ratio.toFixed(2),
      rate.toFixed(2),
      target === undefined ? "" : `${target} ${ratio > target ? "missed" : "met"}`,
      median(costs).toFixed(1),
    ]);
  }
  console.log(`\nOver NATS, 64 calls in flight; plain nc.request is 1\n${aligned(rows)}`);
  return isMet;
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
