/** A pool of child processes. Sends each call to the worker with the fewest calls, and replaces a worker that exits. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ConnectionLost } from "ampwire";
import { attachChild } from "ampwire/node";

const program = fileURLToPath(new URL("worker.mjs", import.meta.url));

export class Pool {
  #workers = new Set();
  #closing = false;

  constructor(size) {
    while (this.#workers.size < size) this.#start();
  }

  #start() {
    const child = spawn(process.execPath, [program], {
      stdio: ["ignore", "inherit", "inherit", "pipe", "pipe"],
    });
    const worker = { connection: attachChild(child, { childReads: 3, childWrites: 4 }), calls: 0 };
    this.#workers.add(worker);
    worker.connection.closed.then(() => {
      this.#workers.delete(worker);
      if (!this.#closing) this.#start();
    });
  }

  /** Calls a worker. If the worker exits, repeats the call of an idempotent command. */
  async call(command, args) {
    const worker = [...this.#workers].reduce((best, other) => (other.calls < best.calls ? other : best));
    worker.calls++;
    try {
      return await worker.connection.callRemote(command, args);
    } catch (error) {
      if (!(error instanceof ConnectionLost && command.idempotent)) throw error;
    } finally {
      worker.calls--;
    }
    await worker.connection.closed;
    return this.call(command, args);
  }

  /** Waits for the calls in progress, then closes the pipes of each worker, by which it exits. */
  async close() {
    this.#closing = true;
    await Promise.all([...this.#workers].map(({ connection }) => connection.close()));
  }
}
