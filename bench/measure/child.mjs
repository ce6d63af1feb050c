/** A child process of a peer, and the lines that are exchanged with it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const nodeProgram = fileURLToPath(new URL("../child/node.mjs", import.meta.url));
/** No request takes longer, or the child hangs. */
const PATIENCE = 60_000;
/** Milliseconds that a child has to end by itself: long enough to write a profile. */
const GRACE = 5_000;

/**
 * How much memory glibc keeps for the next allocation, in bytes. It adapts this to the largest block that a process has
 * freed, up to these values; by what happens to be freed early, one of two equal processes gives the memory of each value
 * back to the system, waits for new pages with the next, and is half as fast. Here all are as they would be in the end.
 */
const ALLOCATOR = {
  MALLOC_MMAP_THRESHOLD_: String(32 * 1024 * 1024),
  MALLOC_TRIM_THRESHOLD_: String(64 * 1024 * 1024),
};

export class Child {
  #process;
  #answers = [];
  #waiting = [];
  #ended;

  constructor(command, args) {
    const env = { ...ALLOCATOR, ...process.env };
    this.#process = spawn(command, args, { env, stdio: ["pipe", "pipe", "inherit"] });
    this.#process.on("error", (error) => this.#end(error));
    this.#process.on("exit", (code, signal) => this.#end(new Error(`a child ended: ${signal ?? code}`)));
    this.#process.stdin.on("error", () => {});
    createInterface({ input: this.#process.stdout }).on("line", (line) => {
      const answer = JSON.parse(line);
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#answers.push(answer);
      else waiting.resolve(answer);
    });
  }

  /** The next line of the child. */
  async heard() {
    if (this.#answers.length > 0) return checked(this.#answers.shift());
    if (this.#ended !== undefined) throw this.#ended;
    const { promise, ...settle } = withResolvers();
    this.#waiting.push(settle);
    const timer = setTimeout(() => settle.reject(new Error("a child does not answer")), PATIENCE);
    return promise.finally(() => clearTimeout(timer)).then(checked);
  }

  ask(request) {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    return this.heard();
  }

  /** Ends the child: by the end of its input, and if that does not help by force. Resolves when it is gone. */
  async end() {
    const child = this.#process;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.stdin.end();
    const timer = setTimeout(() => child.kill("SIGKILL"), GRACE);
    await gone;
    clearTimeout(timer);
  }

  #end(reason) {
    this.#ended = reason;
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
  }
}

/** Starts server or client of a peer, on a core of its own if `core` says which. */
export function startChild({ peer, core, ...setup }) {
  const file = new URL(`../peers/${peer.file}`, import.meta.url);
  const { program = process.execPath, options = {}, dist } = peer;
  const told = JSON.stringify({ ...setup, options, dist, file: file.href });
  const command =
    peer.program === undefined
      ? [program, "--expose-gc", ...profileFlags(peer, setup), nodeProgram, told]
      : [program, fileURLToPath(file), told];
  if (core !== undefined) command.unshift("taskset", "-c", String(core));
  return new Child(command[0], command.slice(1));
}

/** For `--profile`: one CPU profile for each process, named after what it did. */
function profileFlags({ id, profile }, { role, work }) {
  if (profile === undefined) return [];
  return ["--cpu-prof", `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${work.id}-${id}-${role}.cpuprofile`];
}

function checked(answer) {
  if (answer.error !== undefined) throw new Error(`in a child: ${answer.error}`);
  return answer;
}

/** `Promise.withResolvers` came after Node 20. */
function withResolvers() {
  let resolve;
  let reject;
  const promise = new Promise((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}
