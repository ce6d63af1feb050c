/** Server processes that can be replaced one by one. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const SERVER = fileURLToPath(new URL("server.mjs", import.meta.url));

/** A server process, and the lines that it prints. */
class ServerProcess {
  #child;
  #lines;
  exited;

  constructor(port, folder) {
    this.#child = spawn(process.execPath, [SERVER, String(port), folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.exited = once(this.#child, "exit");
  }

  /** Waits for the next line. */
  async line() {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("a server process ended early");
    return value;
  }

  kill(signal) {
    this.#child.kill(signal);
  }
}

export class Fleet {
  #folder;
  #processes = [];
  ports = [];

  /** @param folder the folder with the certificates */
  constructor(folder) {
    this.#folder = folder;
  }

  /** Starts processes on ports that the system chooses. Later ones reuse these ports. */
  async start(count) {
    for (let index = 0; index < count; index++) {
      const server = new ServerProcess(0, this.#folder);
      this.#processes.push(server);
      this.ports.push(await portOf(server));
    }
  }

  /** Replaces a process: the new one starts when the old one has stopped accepting, and while it still answers. */
  async replace(index) {
    const old = this.#processes[index];
    old.kill("SIGTERM");
    await old.line(); // draining
    await this.#startAgain(index);
    await old.exited;
  }

  /** Kills a process in the middle of its calls, and starts another one. */
  async crash(index) {
    const old = this.#processes[index];
    old.kill("SIGKILL");
    await old.exited;
    await this.#startAgain(index);
  }

  async stop() {
    for (const server of this.#processes) server.kill("SIGTERM");
    await Promise.all(this.#processes.map(({ exited }) => exited));
  }

  async #startAgain(index) {
    const server = new ServerProcess(this.ports[index], this.#folder);
    this.#processes[index] = server;
    await portOf(server);
  }
}

async function portOf(server) {
  return Number((await server.line()).split(" ")[1]);
}
