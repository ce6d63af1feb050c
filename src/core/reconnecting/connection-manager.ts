/** Keeps one connection up: opens it, makes it ready for calls, waits, and opens the next one. */
import type { BaseConnection as Connection } from "../connection/connection.ts";
import { isError, messageOf, toError } from "../errors/to-error.ts";
import { ConnectFailed, ConnectionClosed } from "../errors/transport.ts";
import { newAbortController, throwToPlatform } from "../platform.ts";
import type { Clock } from "../transport.ts";
import { Backoff } from "./backoff.ts";
import type {
  ConnectionFactory,
  ReconnectingBaseOptions,
  ReconnectingState,
  ReconnectingStateChange,
} from "./options.ts";

const DEFAULT_SETUP_TIMEOUT = 30_000;

export class ConnectionManager<C extends Connection> {
  readonly #behaviour: ReconnectingBaseOptions<C>;
  readonly #carrier: ConnectionFactory<C>;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #ready: (connection: C) => void;
  /** Aborts when the connection is to be kept no longer: gives up opening, setting up and waiting. */
  readonly #ending = newAbortController();
  #state: ReconnectingState = "connecting";
  #lastError: Error | undefined;
  #connection: C | undefined;
  #reason: Error | undefined;
  /** Ends the wait for the next attempt, while there is one. */
  #wake: (() => void) | undefined;

  /** Resolves, never rejects, with the reason when it is over. */
  readonly closed: Promise<Error>;

  /**
   * @param ready hears of every connection that is ready for calls
   * @throws RangeError
   */
  constructor(
    behaviour: ReconnectingBaseOptions<C>,
    carrier: ConnectionFactory<C>,
    ready: (connection: C) => void,
  ) {
    this.#behaviour = behaviour;
    this.#carrier = carrier;
    this.#clock = behaviour.clock ?? carrier.clock;
    this.#backoff = new Backoff(behaviour.backoff);
    this.#ready = ready;
    this.closed = this.#run();
  }

  get state(): ReconnectingState {
    return this.#state;
  }

  get lastError(): Error | undefined {
    return this.#lastError;
  }

  /** Made ready for calls, and not ended yet. */
  get connection(): C | undefined {
    return this.#connection;
  }

  /** Why it ends; undefined while it does not. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  /** Opens no more connections. One that is ready for calls is the caller's to end. */
  end(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#ending.abort(reason);
  }

  retry(): void {
    this.#wake?.();
  }

  async #run(): Promise<Error> {
    await undefined; // whoever made us has us before we tell anything
    while (this.#reason === undefined) {
      const error = await this.#live();
      if (this.#reason !== undefined) break;
      this.#lastError = error;
      try {
        if (this.#behaviour.isFatalError?.(error)) this.end(error);
        else await this.#wait(error);
      } catch (thrown) {
        this.end(toError(thrown)); // `isFatalError` or `jitter` does not know how to go on, and nobody else does
      }
    }
    this.#become({ state: "closed", error: this.#lastError });
    return this.#reason ?? new ConnectionClosed("the client is closed");
  }

  /** One connection, from the attempt to its end: why it failed or ended. */
  async #live(): Promise<Error> {
    this.#become({ state: "connecting", error: this.#lastError });
    let connection: C;
    try {
      connection = await this.#establish();
    } catch (error) {
      return isError(error) ? error : new ConnectFailed(messageOf(error), { cause: error });
    }
    if (this.#reason !== undefined) {
      connection.destroy(this.#reason);
      return this.#reason;
    }
    const since = this.#clock.now();
    this.#connection = connection;
    this.#become({ state: "connected", error: this.#lastError, connection });
    this.#ready(connection);
    const reason = await connection.closed;
    this.#connection = undefined;
    this.#backoff.lasted(this.#clock.now() - since);
    return reason;
  }

  /** Opens a connection and makes it ready for calls: until then nobody else can send on it. */
  async #establish(): Promise<C> {
    const { prepare } = this.#carrier;
    const { signal } = this.#ending;
    const connection = await this.#open();
    const give = () => connection.destroy(this.#reason);
    signal.addEventListener("abort", give, { once: true });
    try {
      if (signal.aborted) throw signal.reason;
      await prepare?.(connection);
      await this.#setUp(connection);
      if (connection.reason !== undefined) throw connection.reason;
      return connection;
    } catch (error) {
      // What ended the connection tells more than what became of a call on it.
      const reason = connection.reason ?? error;
      connection.destroy(isError(error) ? error : undefined);
      throw reason;
    } finally {
      signal.removeEventListener("abort", give);
    }
  }

  /** Waits for no way of a program's own that does not heed the signal: what it opens after the end is destroyed. */
  async #open(): Promise<C> {
    const { signal } = this.#ending;
    if (signal.aborted) throw signal.reason; // by who was told that we begin
    const opening = Promise.resolve(this.#carrier.open(signal));
    let giveUp = nothing;
    const ended = new Promise<never>((_, reject) => {
      giveUp = () => {
        opening.then((connection) => connection.destroy(this.#reason), nothing);
        reject(signal.reason);
      };
      signal.addEventListener("abort", giveUp, { once: true });
    });
    try {
      return await Promise.race([opening, ended]);
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  async #setUp(connection: C): Promise<void> {
    const { onConnection, setupTimeout = DEFAULT_SETUP_TIMEOUT } = this.#behaviour;
    if (onConnection === undefined) return;
    const late = () =>
      connection.destroy(new ConnectFailed(`onConnection took longer than ${setupTimeout} ms`));
    const timer = this.#clock.setTimeout(late, setupTimeout);
    const lost = connection.closed.then((reason) => {
      throw reason;
    });
    try {
      await Promise.race([onConnection(connection), lost]);
    } finally {
      lost.catch(nothing);
      this.#clock.clearTimeout(timer);
    }
  }

  #wait(error: Error): Promise<void> {
    const delay = this.#backoff.next();
    const { signal } = this.#ending;
    return new Promise((resolve) => {
      const done = () => {
        this.#wake = undefined;
        this.#clock.clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = this.#clock.setTimeout(done, delay);
      signal.addEventListener("abort", done, { once: true });
      this.#wake = done;
      // Told last: whoever lets a clock go on when told finds the timer set.
      this.#become({ state: "waiting", error, delay });
    });
  }

  #become(change: ReconnectingStateChange<C>): void {
    this.#state = change.state;
    try {
      this.#behaviour.onStateChange?.(change);
    } catch (error) {
      throwToPlatform(error); // it is the program's, and not to be taken for one of the connection
    }
  }
}

function nothing(): void {}
