/**
 * The worker processes of `ampwire serve --workers`: their start, their rolling replacement, and new ones for those that crash.
 * It knows processes only by an interface, so that tests need none.
 */

import { Backoff } from "../../core/reconnecting/backoff.ts";
import type { Clock } from "../../core/transport.ts";

/** A worker process that was started. */
export interface WorkerProcess {
  /** The process, for messages: "worker 4711". */
  readonly name: string;
  /** Resolves with the address when the worker listens. Rejects with a StartFailed if it ends before. */
  readonly ready: Promise<string>;
  /** Resolves when the process has ended, with the reason for messages, for example "signal SIGKILL". */
  readonly ended: Promise<string>;
  /** Asks the worker to stop accepting connections, to finish its calls, and to exit. */
  stop(): void;
  /** Ends the worker at once. */
  kill(): void;
}

/** A worker has ended before it listened. It has printed the reason. */
export class StartFailed extends Error {
  /** Exit code of the worker. */
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

export interface PoolOptions {
  readonly count: number;
  readonly start: () => WorkerProcess;
  readonly clock: Clock;
  /** Milliseconds until a worker must listen. */
  readonly startTimeout: number;
  /** Milliseconds from `stop` until a worker is killed. */
  readonly stopTimeout: number;
  /** Prints a note. */
  readonly note: (text: string) => void;
  /** Called with the address when all workers listen, and when it has changed: if all workers had ended, and the port was 0. */
  readonly listening: (address: string) => void;
  readonly backoff?: Backoff;
}

export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #backoff: Backoff;
  /** Workers that listen and were not asked to stop. */
  readonly #serving = new Set<WorkerProcess>();
  /** All workers whose process has not ended. */
  readonly #alive = new Set<WorkerProcess>();
  readonly #delays = new Set<unknown>();
  #address: string | undefined;
  #stopping = false;
  #restarting: Promise<void> | undefined;
  /** A restart was asked for during a restart: workers that it has started already may be old. */
  #restartAgain = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#backoff = options.backoff ?? new Backoff();
  }

  /**
   * Starts the workers: the first one alone, so that an error of the module or of the address is printed once.
   * @throws StartFailed
   */
  async start(): Promise<void> {
    try {
      await this.#startOne();
      if (this.#stopping) return; // otherwise nothing would stop the other workers
      await Promise.all(Array.from({ length: this.#options.count - 1 }, () => this.#startOne()));
      if (this.#address !== undefined) this.#options.listening(this.#address);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /**
   * Replaces the workers one after another: the new worker listens before the old one is asked to stop. If a new worker does not
   * start, the old ones continue.
   */
  restart(): Promise<void> {
    this.#restartAgain = this.#restarting !== undefined;
    this.#restarting ??= this.#replaceAll().finally(() => {
      this.#restarting = undefined;
    });
    return this.#restarting;
  }

  /** Stops all workers, and resolves when their processes have ended. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const delay of this.#delays) this.#options.clock.clearTimeout(delay);
    this.#delays.clear();
    await Promise.all([...this.#alive].map((worker) => this.#stopOne(worker)));
  }

  async #replaceAll(): Promise<void> {
    const { note } = this.#options;
    do {
      this.#restartAgain = false;
      for (const old of [...this.#serving]) {
        if (this.#stopping) return;
        if (!this.#serving.has(old)) continue; // it has crashed, and a new worker replaces it
        try {
          await this.#startOne();
        } catch (error) {
          if (!this.#stopping)
            note(`the restart was cancelled, and the old workers continue: ${(error as Error).message}`); // a StartFailed
          return;
        }
        await this.#stopOne(old);
      }
    } while (this.#restartAgain);
    note("all workers were replaced");
  }

  /** Starts a worker, and resolves when it listens. @throws StartFailed */
  async #startOne(): Promise<void> {
    const { clock, start, startTimeout, listening } = this.#options;
    const worker = start();
    this.#alive.add(worker);
    void worker.ended.then(() => this.#alive.delete(worker));
    const timer = clock.setTimeout(() => worker.kill(), startTimeout);
    try {
      const address = await worker.ready;
      if (this.#address !== undefined && address !== this.#address) listening(address);
      this.#address = address;
    } finally {
      clock.clearTimeout(timer);
    }
    this.#serving.add(worker);
    const since = clock.now();
    void worker.ended.then((reason) => {
      if (this.#serving.delete(worker)) this.#replace(worker, reason, clock.now() - since);
    });
  }

  /** Starts a new worker for one that has ended although it was not asked to. */
  #replace(worker: WorkerProcess, reason: string, lasted: number): void {
    this.#backoff.lasted(lasted);
    this.#startLater(`${worker.name} has ended (${reason})`);
  }

  #startLater(why: string): void {
    if (this.#stopping) return;
    const { clock, note } = this.#options;
    const wait = Math.ceil(this.#backoff.next());
    note(`${why}; a new worker starts in ${wait} ms`);
    const delay = clock.setTimeout(() => {
      this.#delays.delete(delay);
      this.#startOne().catch((error: Error) => this.#startLater(error.message));
    }, wait);
    this.#delays.add(delay);
  }

  /** Asks a worker to stop, and kills it if it takes too long. Resolves when its process has ended. */
  async #stopOne(worker: WorkerProcess): Promise<void> {
    const { clock, note, stopTimeout } = this.#options;
    this.#serving.delete(worker);
    worker.stop();
    const timer = clock.setTimeout(() => {
      note(`${worker.name} did not stop within ${stopTimeout} ms, and was killed`);
      worker.kill();
    }, stopTimeout);
    await worker.ended;
    clock.clearTimeout(timer);
  }
}
