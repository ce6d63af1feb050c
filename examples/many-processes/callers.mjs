/** Clients that call without a pause, and count what becomes of their calls. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { reconnecting } from "ampwire/node";

export class Callers {
  #clients;
  #running = [];
  #stopped = false;
  counts = { begun: 0, answered: 0, failed: 0 };
  /** Receipts of the answered calls, by the `id` of the call. */
  receipts = new Map();
  /** Failed calls by the name of the error. */
  reasons = new Map();
  /** Processes that have answered. */
  processes = new Set();

  /**
   * @param count number of clients; each has four calls in progress
   * @param options of every client: the addresses and TLS
   */
  constructor(count, options) {
    this.#clients = Array.from({ length: count }, () => reconnecting(options));
  }

  /** Begins to call a command until {@link stop}. Each call has an `id` of its own. */
  start(command, args = {}) {
    const each = async (client) => {
      while (!this.#stopped) await this.#call(client, command, { id: randomUUID(), ...args });
    };
    this.#running = this.#clients.flatMap((client) => Array.from({ length: 4 }, () => each(client)));
  }

  async #call(client, command, args) {
    this.counts.begun++;
    try {
      const answer = await client.callRemote(command, args);
      this.counts.answered++;
      if (answer.receipt !== undefined) this.receipts.set(args.id, answer.receipt);
      this.processes.add(answer.process);
    } catch (error) {
      this.counts.failed++;
      this.reasons.set(error.name, (this.reasons.get(error.name) ?? 0) + 1);
    }
  }

  /** Waits until this many calls have been answered, by at least this many processes. */
  async answers(number, processes = 1) {
    while (this.counts.answered < number || this.processes.size < processes) await sleep(20);
  }

  /** Waits for the calls in progress, and closes the clients. */
  async stop() {
    this.#stopped = true;
    await Promise.all(this.#running);
    await Promise.all(this.#clients.map((client) => client.close()));
  }
}
