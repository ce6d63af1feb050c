/** A pool of child processes. A call goes to the worker with the fewest calls; a worker that has died is replaced. */
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

  /** A call that loses its worker is made again, where its command says that this does no harm. */
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

  /** Lets every worker finish; its descriptors are closed then, and it ends. */
  async close() {
    this.#closing = true;
    await Promise.all([...this.#workers].map(({ connection }) => connection.close()));
  }
}
