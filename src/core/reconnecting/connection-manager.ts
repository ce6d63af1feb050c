/** Maintains one connection at a time: opens it, sets it up, and opens the next one when it has ended. */
import { reportError } from "../connection/report.ts";
import { isError, messageOf, toError } from "../errors/to-error.ts";
import { ConnectFailed, ConnectionClosed } from "../errors/transport.ts";
import { newAbortController } from "../platform.ts";
import { limitTime } from "../time-limit.ts";
import type { Clock } from "../transport.ts";
import { wrongType } from "../wire/value-text.ts";
import { Backoff } from "./backoff.ts";
import type {
  ConnectionFactory,
  Reconnectable,
  ReconnectingBaseOptions,
  ReconnectingState,
  ReconnectingStateChange,
} from "./options.ts";

const DEFAULT_SETUP_TIMEOUT = 30_000;
/** A peer that asks for no more calls earlier than this, in milliseconds, is not connected to again at once. */
const MIN_LASTED = 50;

export class ConnectionManager<C extends Reconnectable> {
  readonly #options: ReconnectingBaseOptions<C, never>;
  readonly #factory: ConnectionFactory<C>;
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  readonly #ready: () => void;
  /** Aborted when the client ends. It cancels opening, setting up and waiting. */
  readonly #ending = newAbortController();
  #state: ReconnectingState = "connecting";
  #lastError: Error | undefined;
  #connection: C | undefined;
  /** Connections whose peer accepts no more calls, until they have ended. */
  readonly #leaving = new Set<C>();
  /** Next step after a connection: after a GoAway of the peer, `isFatalError` is not called. */
  #next: "decide" | "wait" | "at once" = "decide";
  #reason: Error | undefined;
  /** Ends the wait for the next attempt; undefined while the client does not wait. */
  #wake: (() => void) | undefined;

  /** Promise of the reason why the client ended. It never rejects. */
  readonly closed: Promise<Error>;

  /**
   * @param ready called for each connection once it is ready for calls, before the program is notified
   * @throws RangeError for an invalid option of `backoff`
   */
  constructor(options: ReconnectingBaseOptions<C, never>, factory: ConnectionFactory<C>, ready: () => void) {
    this.#options = options;
    this.#factory = factory;
    this.#clock = options.clock ?? factory.clock;
    this.#backoff = new Backoff(options.backoff);
    this.#ready = ready;
    this.closed = this.#run();
  }

  get state(): ReconnectingState {
    return this.#state;
  }

  get lastError(): Error | undefined {
    return this.#lastError;
  }

  /** The connection that is ready for calls; undefined while there is none. */
  get connection(): C | undefined {
    return this.#connection;
  }

  /** All connections that have not ended, apart from one that is being set up. */
  get connections(): readonly C[] {
    return this.#connection === undefined ? [...this.#leaving] : [...this.#leaving, this.#connection];
  }

  /** The reason why the client ends; undefined before that. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  /** Stops opening connections. A connection that is ready for calls stays open: the caller must end it. */
  end(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#ending.abort(reason);
  }

  retry(): void {
    this.#wake?.();
  }

  async #run(): Promise<Error> {
    await undefined; // the caller gets the client before `onStateChange` is called
    while (this.#reason === undefined) {
      const error = await this.#runConnection();
      if (this.#reason !== undefined) break;
      this.#lastError = error;
      try {
        if (this.#next === "decide" && this.#options.isFatalError?.(error)) this.end(error);
        else if (this.#next !== "at once") await this.#wait(error);
      } catch (thrown) {
        this.end(toError(thrown)); // `isFatalError` or `jitter` threw, so there is no decision on the next attempt
      }
    }
    this.#become({ state: "closed", error: this.#lastError });
    return this.#reason ?? new ConnectionClosed("the client is closed");
  }

  /** Opens one connection and waits for its end. Returns why it failed or ended. */
  async #runConnection(): Promise<Error> {
    this.#next = "decide";
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
    this.#state = "connected";
    this.#ready(); // first: calls that `onStateChange` makes come after the queued ones
    this.#become({ state: "connected", error: this.#lastError, connection });
    let reason = await (connection.callsEnded ?? connection.closed);
    const goesAway = connection.reason === undefined; // the peer has asked for no more calls
    if (!goesAway) reason = await connection.closed;
    this.#connection = undefined;
    const lasted = this.#clock.now() - since;
    this.#backoff.lasted(lasted);
    if (goesAway) {
      this.#next = lasted < MIN_LASTED ? "wait" : "at once";
      this.#leave(connection);
    }
    return reason;
  }

  /** Lets a connection finish its calls, while the next one is opened. */
  #leave(connection: C): void {
    this.#leaving.add(connection);
    void connection.closed.then(() => this.#leaving.delete(connection));
    connection.close().catch(this.#report); // it never rejects, unless it is a class of the program
  }

  /** Opens a connection and sets it up. Until then no call of the client is sent on it. */
  async #establish(): Promise<C> {
    const { prepare } = this.#factory;
    const { signal } = this.#ending;
    const connection = await this.#open();
    const release = limitTime(this.#clock, { signal }, () => connection.destroy(this.#reason));
    try {
      if (signal.aborted) throw signal.reason;
      await prepare?.(connection);
      await this.#setUp(connection);
      if (!connection.acceptsCalls) throw await connection.callsEnded;
      this.#factory.succeeded?.(connection);
      return connection;
    } catch (error) {
      // The reason of the connection is more specific than the error of a call on it.
      const reason = connection.reason ?? error;
      if (connection.reason === undefined && !connection.acceptsCalls) this.#next = "wait"; // the peer goes away
      connection.destroy(isError(error) ? error : undefined);
      throw reason;
    } finally {
      release();
    }
  }

  /** Opens a connection. It does not wait for an `open` that ignores the signal: a late connection is destroyed. */
  async #open(): Promise<C> {
    const { signal } = this.#ending;
    if (signal.aborted) throw signal.reason; // `onStateChange` may have ended the client
    const opening = Promise.resolve(this.#factory.open(signal));
    let release = nothing;
    const ended = new Promise<never>((_, reject) => {
      release = limitTime(this.#clock, { signal }, () => {
        opening.then((connection) => connection.destroy(this.#reason)).catch(nothing);
        reject(signal.reason);
      });
    });
    try {
      const connection = await Promise.race([opening, ended]);
      if (typeof connection?.destroy === "function") return connection;
      throw wrongType("the result of `open`", "a connection", connection); // of a JavaScript program
    } finally {
      release();
    }
  }

  async #setUp(connection: C): Promise<void> {
    const { onConnection, setupTimeout = DEFAULT_SETUP_TIMEOUT } = this.#options;
    if (onConnection === undefined) return;
    const release = limitTime(this.#clock, { timeout: setupTimeout }, () =>
      connection.destroy(
        new ConnectFailed(
          `onConnection took longer than setupTimeout (${setupTimeout} ms): make its calls on the connection, because those on the client wait for it`,
        ),
      ),
    );
    // The entry point that has created the options and the factory knows the type of its addresses.
    const address = this.#factory.addressOf?.(connection) as undefined;
    try {
      // If the connection is lost meanwhile, it accepts no calls: the caller checks that.
      await Promise.race([onConnection(connection, { address }), connection.closed]);
    } finally {
      release();
    }
  }

  #wait(error: Error): Promise<void> {
    const delay = this.#backoff.next();
    const { signal } = this.#ending;
    return new Promise((resolve) => {
      const done = () => {
        this.#wake = undefined;
        release();
        resolve();
      };
      const release = limitTime(this.#clock, { timeout: delay, signal }, done);
      this.#wake = done;
      // Last, because `onStateChange` may advance a test's clock: the timer must exist by then.
      this.#become({ state: "waiting", error, delay });
    });
  }

  #become(change: ReconnectingStateChange<C>): void {
    this.#state = change.state;
    try {
      // An async function may reject.
      Promise.resolve(this.#options.onStateChange?.(change)).catch(this.#report);
    } catch (error) {
      this.#report(error);
    }
  }

  /** Reports an error of the program, which is no reason to end the client or the process. */
  readonly #report = (error: unknown): void => {
    reportError(this.#options.onError, error, { command: undefined, connection: undefined });
  };
}

function nothing(): void {}
