/**
 * `npm run soak -- --nats`: two minutes of calls over a cluster of two NATS servers and through two edges, while workers, edges and
 * servers are killed, stopped and drained in turn.
 */
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connect as connectNats } from "@nats-io/transport-node";
import { ConnectionLost, ResponderLost, Unavailable, UnhandledCommand } from "ampwire";
import { caller } from "ampwire/nats";
import { connect, reconnecting } from "ampwire/node";
import { natsServer } from "../../scripts/setup.mjs";
import { Again, Crash, Once } from "./nats-commands.mjs";

const MAX_ATTEMPTS = 2;
/** Longest time to settle a call: two attempts that are lost, and the patience between them. */
const SETTLED_IN_MS = 20_000;
const program = fileURLToPath(new URL("nats-process.mjs", import.meta.url));

/** @returns each promise with whether it was kept, and figures */
export async function underNats(seconds) {
  const world = new World();
  try {
    await world.start();
    await world.run(seconds);
    return world.promises();
  } finally {
    await world.end();
  }
}

function hasEnded(child) {
  return child.exitCode !== null || child.signalCode !== null;
}

class World {
  children = new Set();
  executed = new Map();
  calls = [];
  wrong = [];
  faults = {};
  drains = { calls: 0, failed: 0 };
  crashes = [];
  stopped = false;

  async start() {
    const cluster = ["--cluster_name", "soak", "--cluster", "nats://127.0.0.1:-1"];
    const first = await this.startServer("-1", cluster);
    const second = await this.startServer("-1", [...cluster, "--routes", `nats://127.0.0.1:${first.route}`]);
    // With fixed ports, so that a server that is started again is found.
    for (const [index, own] of [first, second].entries()) {
      const other = index === 0 ? second : first;
      own.args = [
        ...["--cluster_name", "soak", "--cluster", `nats://127.0.0.1:${own.route}`],
        ...["--routes", `nats://127.0.0.1:${other.route}`],
      ];
    }
    this.servers = [first, second];
    this.addresses = this.servers.map(({ port }) => `127.0.0.1:${port}`);
    this.workers = await Promise.all([0, 1, 2, 3].map((n) => this.startWorker(n)));
    this.edges = await Promise.all([0, 1].map((n) => this.startEdge(n, 0)));
    this.nats = await connectNats({
      servers: this.addresses,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
      pingInterval: 2_000,
    });
    this.caller = caller(this.nats, { service: "soak", patience: 5_000, maxAttempts: MAX_ATTEMPTS });
    let attempt = 0;
    this.client = reconnecting({
      open: () => connect({ host: "127.0.0.1", port: this.edges[attempt++ % 2].ready }),
      backoff: { initial: 10, max: 100 },
    });
  }

  async startServer(port, args) {
    const child = spawn(natsServer, ["-a", "127.0.0.1", "-p", String(port), ...args], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.children.add(child);
    const found = { child, args };
    for await (const line of createInterface({ input: child.stderr })) {
      found.port ??= /client connections on [\d.]+:(\d+)/.exec(line)?.[1];
      found.route ??= /route connections on [\d.]+:(\d+)/.exec(line)?.[1];
      found.isReady ||= line.includes("Server is ready");
      if (found.isReady && found.route !== undefined) break;
    }
    child.stderr.resume();
    return found;
  }

  async fork(...args) {
    const child = fork(program, args.map(String), { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    this.children.add(child);
    child.on("message", ({ executed }) => {
      if (executed !== undefined) this.executed.set(executed, (this.executed.get(executed) ?? 0) + 1);
    });
    const ended = once(child, "exit").then(([code]) => {
      throw new Error(`${args[0]} has ended with ${code} before it was ready`);
    });
    ended.catch(() => {}); // later ends are expected
    const [{ ready }] = await Promise.race([once(child, "message"), ended]);
    return { child, ready };
  }

  /** Workers and edges use both servers, and half of them begin with the second one. */
  serversFor(number) {
    return (number % 2 === 0 ? this.addresses : [...this.addresses].reverse()).join();
  }

  startWorker(number) {
    return this.fork("worker", this.serversFor(number));
  }

  startEdge(number, port) {
    return this.fork("edge", this.serversFor(number), port);
  }

  async run(seconds) {
    const began = performance.now();
    const until = began + seconds * 1000;
    const lanes = Array.from({ length: 48 }, (_, lane) => this.callUntilStopped(lane));
    const events = [
      () => this.replaceWorker("SIGTERM"),
      () => this.replaceWorker("SIGKILL"),
      () => this.pauseWorker(),
      () => this.crash(),
      () => this.replaceEdge("SIGTERM"),
      () => this.replaceEdge("SIGKILL"),
      () => this.restartServer(),
      () => this.pauseServer(),
    ];
    for (let turn = 0; performance.now() < until; turn++) {
      await events[turn % events.length]();
      const seconds = Math.round((performance.now() - began) / 1000);
      console.log(`second ${seconds}  calls ${this.calls.length}  ${this.lastFault}`);
      await sleep(500);
    }
    this.stopped = true;
    await Promise.all(lanes);
    await Promise.all(this.crashes);
    await this.onlyDrains();
  }

  count(fault) {
    this.lastFault = fault;
    this.faults[fault] = (this.faults[fault] ?? 0) + 1;
  }

  async replaceWorker(signal) {
    this.count(`worker ${signal}`);
    const number = this.workers.length;
    const next = await this.startWorker(number + (signal === "SIGKILL" ? 1 : 0));
    const old = this.workers.shift();
    this.workers.push(next);
    await this.stop(old.child, signal);
  }

  async stop(child, signal) {
    if (!hasEnded(child)) {
      const gone = once(child, "exit");
      child.kill(signal);
      await gone;
    }
    this.children.delete(child);
  }

  async pauseWorker() {
    this.count("worker stopped for 4 s");
    const { child } = this.workers[0];
    child.kill("SIGSTOP");
    await sleep(4_000);
    child.kill("SIGCONT");
  }

  /** A call that kills its workers. */
  async crash() {
    this.count("poison call");
    const id = -1 - this.crashes.length;
    const outcome = this.caller.callRemote(Crash, { id }).then(
      () => this.wrong.push(`the poison call ${id} was answered`),
      (error) => {
        if (!(error instanceof ConnectionLost))
          this.wrong.push(`the poison call ${id} has failed with ${error}`);
      },
    );
    this.crashes.push(outcome);
    await outcome;
    for (const [index, { child }] of this.workers.entries()) {
      if (!hasEnded(child)) continue;
      this.children.delete(child);
      this.workers[index] = await this.startWorker(index);
    }
  }

  async replaceEdge(signal) {
    this.count(`edge ${signal}`);
    const { child, ready } = this.edges[0];
    await this.stop(child, signal);
    this.edges.push(await this.startEdge(this.edges.length, ready));
    this.edges.shift();
  }

  async restartServer() {
    this.count("nats-server SIGKILL");
    const [old, other] = this.servers;
    await this.stop(old.child, "SIGKILL");
    const next = await this.startServer(old.port, old.args);
    this.servers = [other, { ...old, ...next }];
  }

  async pauseServer() {
    this.count("nats-server stopped for 4 s");
    const { child } = this.servers[0];
    child.kill("SIGSTOP");
    await sleep(4_000);
    child.kill("SIGCONT");
  }

  async callUntilStopped(lane) {
    while (!this.stopped) {
      await this.callOnce(lane % 2 === 0 ? Once : Again, lane % 4 < 2 ? this.caller : this.client, lane % 10);
      await sleep(2);
    }
  }

  async callOnce(command, target, ms) {
    const call = {
      id: this.calls.length + 1,
      idempotent: command.idempotent,
      isEdge: target === this.client,
    };
    this.calls.push(call);
    const began = performance.now();
    try {
      const { id } = await target.callRemote(command, { id: call.id, ms });
      if (id !== call.id) this.wrong.push(`call ${call.id} has got the answer of ${id}`);
      call.answered = true;
    } catch (error) {
      call.error = error;
    }
    call.ms = performance.now() - began;
    return call;
  }

  /** After the faults: workers are only drained, and no call may fail. */
  async onlyDrains() {
    await sleep(4_000); // all connections work again
    let done = false;
    const draining = (async () => {
      for (let i = 0; i < 4; i++) await this.replaceWorker("SIGTERM");
      done = true;
    })();
    const call = async () => {
      while (!done) {
        const { error } = await this.callOnce(Once, this.caller, 5);
        this.drains.calls++;
        if (error !== undefined) {
          this.drains.failed++;
          this.wrong.push(`a call has failed although workers were only drained: ${error}`);
        }
      }
    };
    await Promise.all([draining, ...Array.from({ length: 16 }, call)]);
    await sleep(500); // the last reports of executions
  }

  promises() {
    const failed = this.calls.filter(({ error }) => error !== undefined);
    const twice = this.calls.filter(({ id, idempotent }) => !idempotent && (this.executed.get(id) ?? 0) > 1);
    const denied = failed.filter(
      ({ id, error }) =>
        (error instanceof Unavailable || error instanceof UnhandledCommand) && this.executed.has(id),
    );
    const other = failed.filter(
      ({ error }) =>
        !(
          error instanceof ConnectionLost ||
          error instanceof Unavailable ||
          error instanceof UnhandledCommand
        ),
    );
    const lost = failed.filter(({ error }) => error instanceof ResponderLost).length;
    const slowest = this.calls.reduce((most, { ms = Number.POSITIVE_INFINITY }) => Math.max(most, ms), 0);
    const poisoned = this.crashes.map((_, index) => this.executed.get(-1 - index) ?? 0);
    const directAgain = failed.filter(({ idempotent, isEdge }) => idempotent && !isEdge).length;
    const events = Object.entries(this.faults).map(([name, count]) => `${count} x ${name}`);
    return [
      [
        "every call over NATS settles once, in time",
        slowest < SETTLED_IN_MS && this.wrong.length === 0,
        `${this.calls.length} calls, ${failed.length} failed, ${lost} of them lost; slowest ${Math.round(slowest)} ms; ${events.join(", ")}${this.wrong.length > 0 ? `; ${this.wrong.slice(0, 3).join("; ")}` : ""}`,
      ],
      [
        "a call runs at most once unless it is idempotent",
        twice.length === 0,
        `${twice.length} ran more often`,
      ],
      ["no executed call is reported as not executed", denied.length === 0, `${denied.length} were`],
      [
        "a failure is one of the documented classes",
        other.length === 0,
        other.length === 0 ? `${failed.length} failures` : String(other[0].error),
      ],
      [
        "a call that crashes its worker kills at most maxAttempts workers",
        poisoned.every((count) => count <= MAX_ATTEMPTS),
        `killed ${poisoned.join(", ")}`,
      ],
      [
        "draining fails no call",
        this.drains.failed === 0,
        `${this.drains.calls} calls, ${this.drains.failed} failed`,
      ],
      [
        "idempotent calls rarely fail",
        directAgain < this.calls.length / 100,
        `${directAgain} failed, after ${MAX_ATTEMPTS} attempts`,
      ],
    ];
  }

  async end() {
    for (const child of this.children) {
      child.kill("SIGCONT");
      child.kill("SIGKILL");
    }
    await this.client?.close({ timeout: 100 }).catch(() => {});
    await this.nats?.close();
  }
}
