/** Clients that call without a pause, and count what becomes of their calls. */
import { setTimeout as sleep } from "node:timers/promises";
import { reconnecting } from "ampwire/node";

export class Callers {
  #clients;
  #running = [];
  #stopped = false;
  counts = { answered: 0, failed: 0 };
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

  /** Begins to call a command until {@link stop}. */
  start(command, args) {
    const each = async (client) => {
      while (!this.#stopped) await this.#call(client, command, args);
    };
    this.#running = this.#clients.flatMap((client) => Array.from({ length: 4 }, () => each(client)));
  }

  async #call(client, command, args) {
    try {
      const answer = await client.callRemote(command, args);
      this.counts.answered++;
      this.processes.add(answer.process);
    } catch (error) {
      this.counts.failed++;
      this.reasons.set(error.name, (this.reasons.get(error.name) ?? 0) + 1);
    }
  }

  /** Waits until this many calls have been answered. */
  async answers(number) {
    while (this.counts.answered < number) await sleep(20);
  }

  /** Waits for the calls in progress, and closes the clients. */
  async stop() {
    this.#stopped = true;
    await Promise.all(this.#running);
    await Promise.all(this.#clients.map((client) => client.close()));
  }
}
