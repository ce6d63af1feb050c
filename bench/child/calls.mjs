/** Client program: keeps a number of calls in flight on open connections for a while, and counts them. */
import { performance } from "node:perf_hooks";
import { checkAnswers } from "./check-answers.mjs";
import { openMany } from "./open-many.mjs";

/** Maximum number of latencies kept of one sample: enough for a second at the highest rate. */
const MAX_LATENCIES = 200_000;

export function openCalls(peer, setup) {
  const { work } = setup;
  let clients;
  return {
    async sample({ ms }) {
      clients ??= await openChecked(peer, setup);
      const latencies = work.inFlight === 1 ? new Float64Array(MAX_LATENCIES) : undefined;
      return measured(clients, work.inFlight, ms, latencies);
    },
    /** Makes some calls on a new connection through a relay, which counts their bytes. */
    async count({ port: relay, calls }) {
      const client = await peer.open({ ...setup, port: relay });
      const call = client.call ?? oneRaw(client);
      for (let made = 0; made < calls; made++) await call();
      await client.close();
    },
  };
}

async function openChecked(peer, setup) {
  const clients = await openMany(peer, setup, setup.work.connections ?? 1);
  await checkAnswers(clients[0]);
  return clients;
}

async function measured(clients, inFlight, ms, latencies) {
  const run = { running: true, calls: 0, latencies };
  const each = Math.ceil(inFlight / clients.length);
  const cpu = process.cpuUsage();
  const begun = performance.now();
  setTimeout(() => {
    run.running = false;
  }, ms);
  await Promise.all(
    clients.map((client) => (client.call ? drivePromises(client, each, run) : driveRaw(client, each, run))),
  );
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { calls: run.calls, seconds, cpu: user + system, ...quantiles(latencies, run.calls) };
}

async function drivePromises({ call }, inFlight, run) {
  const worker = run.latencies === undefined ? plainWorker : timedWorker;
  await Promise.all(Array.from({ length: inFlight }, () => worker(call, run)));
}

async function plainWorker(call, run) {
  while (run.running) {
    await call();
    run.calls++;
  }
}

async function timedWorker(call, run) {
  let before = performance.now();
  while (run.running) {
    await call();
    const now = performance.now();
    if (run.calls < MAX_LATENCIES) run.latencies[run.calls] = now - before;
    run.calls++;
    before = now;
  }
}

/** Drives a floor without promises: writes as many asks as answers have arrived. */
function driveRaw(client, inFlight, run) {
  return new Promise((resolve) => {
    let pending = inFlight;
    let before = performance.now();
    client.onAnswers = (count) => {
      if (run.latencies !== undefined) {
        const now = performance.now();
        if (run.calls < MAX_LATENCIES) run.latencies[run.calls] = now - before;
        before = now;
      }
      run.calls += count;
      if (run.running) return client.ask(count);
      pending -= count;
      if (pending === 0) resolve();
    };
    client.ask(inFlight);
  });
}

function oneRaw(client) {
  return () =>
    new Promise((resolve) => {
      client.onAnswers = resolve;
      client.ask(1);
    });
}

function quantiles(latencies, calls) {
  if (latencies === undefined) return {};
  const sorted = latencies.subarray(0, Math.min(calls, latencies.length)).sort();
  const at = (share) => sorted[Math.floor(sorted.length * share)] * 1000;
  return { p50: at(0.5), p99: at(0.99) };
}
