/** The processes of `ampwire serve --workers`: one that starts and stops the others, and workers that serve. */
import type { Cluster } from "node:cluster";
import { availableParallelism } from "node:os";
import { UsageError } from "../cli-error.ts";
import type { WorkerProcess } from "./pool.ts";
import { StartFailed } from "./pool.ts";

/** Environment variable of a worker process. */
const WORKER = "AMPWIRE_SERVE_WORKER";
const MAX_WORKERS = 1024;

/** Messages between the first process and its workers. */
interface Message {
  readonly ampwire: "listening" | "stop";
  readonly address?: string;
}

/** @returns undefined without the option. @throws UsageError */
export function workerCount(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const count = given === "auto" ? availableParallelism() : Number(given);
  if (!(Number.isInteger(count) && count >= 1 && count <= MAX_WORKERS))
    throw new UsageError(
      `--workers ${JSON.stringify(given)} must be a whole number from 1 to ${MAX_WORKERS}`,
      "use auto for one worker for each processor core",
    );
  return count;
}

/** Returns true in a worker process. Its children are not workers. */
export function isWorker(): boolean {
  const found = process.env[WORKER] === "1" && process.send !== undefined;
  delete process.env[WORKER];
  return found;
}

/** Starts worker processes with the command line of this process. */
export function workerProcesses(cluster: Cluster): () => WorkerProcess {
  // The first process accepts all connections and distributes them in turn. Otherwise the system would prefer some workers.
  cluster.schedulingPolicy = cluster.SCHED_RR;
  return () => {
    const worker = cluster.fork({ [WORKER]: "1" });
    const name = `worker ${worker.process.pid}`;
    let exited: number | undefined;
    const ended = new Promise<string>((resolve) => {
      worker.once("exit", (code, signal) => {
        exited = code ?? 1;
        resolve(signal ? `signal ${signal}` : `exit code ${code}`);
      });
      worker.process.once("error", (error) => {
        exited ??= 1;
        resolve(error.message); // the process could not be started
      });
    });
    worker.on("error", () => {}); // the channel of a worker that has just ended
    const ready = new Promise<string>((resolve, reject) => {
      // A module may send messages of its own.
      worker.on("message", (message: Message | null) => {
        if (message?.ampwire === "listening" && message.address !== undefined) resolve(message.address);
      });
      void ended.then((reason) =>
        reject(new StartFailed(`${name} has ended before it was listening (${reason})`, exited || 1)),
      );
    });
    ready.catch(() => {}); // handled where it is awaited
    return {
      name,
      ready,
      ended,
      stop() {
        const message: Message = { ampwire: "stop" };
        if (worker.isConnected()) worker.send(message);
      },
      kill: () => void worker.process.kill("SIGKILL"),
    };
  };
}

/** The first process, as a worker sees it. */
export interface FirstProcess {
  /** Resolves when the worker must stop: the first process has asked for it, or SIGTERM was received. */
  readonly stopped: Promise<void>;
  listening(address: string): void;
  /** Ends the process, whatever the module still does. */
  leave(exitCode: number): void;
}

/** Connects a worker with the first process. If that ends, Node ends the worker. */
export function firstProcess(): FirstProcess {
  // A terminal sends these signals to all of its processes; the first one tells its workers what to do.
  for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
  return {
    stopped: new Promise((resolve) => {
      process.on("message", (message: Message | null) => {
        if (message?.ampwire === "stop") resolve();
      });
      process.on("SIGTERM", () => resolve());
    }),
    listening(address) {
      const message: Message = { ampwire: "listening", address };
      process.send?.(message);
    },
    leave: (exitCode) => process.exit(exitCode),
  };
}
