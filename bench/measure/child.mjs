/** A child process of a peer, with the protocol of `child/control.mjs`. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const nodeProgram = fileURLToPath(new URL("../child/node.mjs", import.meta.url));
/** Milliseconds after which a child that does not answer is considered hung. */
const REQUEST_TIMEOUT = 60_000;
/** Milliseconds after which a child that does not exit is killed. Writing a profile takes some of them. */
const EXIT_TIMEOUT = 5_000;

/**
 * Thresholds of glibc's allocator, in bytes: larger blocks of free memory are returned to the system. glibc raises the
 * thresholds to the size of the largest block that a process has freed, up to these values. Without the variables, one of
 * two equal processes may return the memory of each large value and wait for new pages, and be half as fast.
 */
const ALLOCATOR = {
  MALLOC_MMAP_THRESHOLD_: String(32 * 1024 * 1024),
  MALLOC_TRIM_THRESHOLD_: String(64 * 1024 * 1024),
};

/**
 * Flag of V8 for workloads of large values. Received values are memory outside of V8's heap. Such memory makes V8 mark all of
 * the heap when both together reach a multiple of what was alive before, but only if that is more than 8 MB. So a process
 * with 9 MB would do this after every 25 MB of values and be half as fast, and one with 7 MB never. The flag gives all
 * processes the limit that one with some hundred MB of live data has, so that the size of a peer's code does not decide.
 *
 * Other workloads run without it, as programs do: it would spare only peers with much garbage a part of its cost.
 */
const LARGE_VALUE_FLAGS = ["--initial-old-space-size=256"];

export class Child {
  #process;
  /** Lines that arrived without a request. */
  #answers = [];
  #pending = [];
  #ended;

  constructor(command, args) {
    const env = { ...ALLOCATOR, ...process.env };
    this.#process = spawn(command, args, { env, stdio: ["pipe", "pipe", "inherit"] });
    this.#process.on("error", (error) => this.#end(error));
    this.#process.on("exit", (code, signal) =>
      this.#end(new Error(`a child process ended: ${signal ?? code}`)),
    );
    this.#process.stdin.on("error", () => {});
    createInterface({ input: this.#process.stdout }).on("line", (line) => {
      const answer = JSON.parse(line);
      const pending = this.#pending.shift();
      if (pending === undefined) this.#answers.push(answer);
      else pending.resolve(answer);
    });
  }

  /** Resolves with the next line of the child. @throws Error if the child reports an error, ends or does not answer */
  async nextLine() {
    if (this.#answers.length > 0) return checked(this.#answers.shift());
    if (this.#ended !== undefined) throw this.#ended;
    const { promise, ...settle } = withResolvers();
    this.#pending.push(settle);
    const timer = setTimeout(
      () => settle.reject(new Error(`a child process did not answer within ${REQUEST_TIMEOUT} ms`)),
      REQUEST_TIMEOUT,
    );
    return promise.finally(() => clearTimeout(timer)).then(checked);
  }

  ask(request) {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    return this.nextLine();
  }

  /** Ends the input of the child, which exits then, and kills it if it does not. Resolves after its exit. */
  async end() {
    const child = this.#process;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.stdin.end();
    const timer = setTimeout(() => child.kill("SIGKILL"), EXIT_TIMEOUT);
    await exited;
    clearTimeout(timer);
  }

  #end(reason) {
    this.#ended = reason;
    for (const { reject } of this.#pending.splice(0)) reject(reason);
  }
}

/** Starts the server or the client of a peer, pinned to `core` if it is given. */
export function startChild({ peer, core, ...setup }) {
  const file = new URL(`../peers/${peer.file}`, import.meta.url);
  const { program = process.execPath, options = {}, dist } = peer;
  const argument = JSON.stringify({ ...setup, options, dist, file: file.href });
  const command =
    peer.program === undefined
      ? [program, "--expose-gc", ...heapFlags(setup), ...profileFlags(peer, setup), nodeProgram, argument]
      : [program, fileURLToPath(file), argument];
  if (core !== undefined) command.unshift("taskset", "-c", String(core));
  return new Child(command[0], command.slice(1));
}

function heapFlags({ work }) {
  return work.kind === "echo" ? LARGE_VALUE_FLAGS : [];
}

/** Returns the flags for `--profile`: one CPU profile for each process, named after its workload, peer and role. */
function profileFlags({ id, profile }, { role, work }) {
  if (profile === undefined) return [];
  return ["--cpu-prof", `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${work.id}-${id}-${role}.cpuprofile`];
}

function checked(answer) {
  if (answer.error !== undefined) throw new Error(`in a child process: ${answer.error}`);
  return answer;
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers() {
  let resolve;
  let reject;
  const promise = new Promise((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}
