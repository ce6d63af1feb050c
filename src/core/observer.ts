/**
 * Observers of connections, for tracing and metrics. On Node, the default observer publishes to `node:diagnostics_channel`.
 *
 * A call, an ask and a protocol change are each represented by one object from beginning to end: use it as the key of a
 * WeakMap. Event objects of calls are created only if {@link Observer.watchesCalls} allows them.
 */
import type { AmpConnection } from "./command/types.ts";
import type { TLSSession } from "./transport.ts";

/** A call of this end, or an ask of the peer. */
export interface CallEvent {
  readonly connection: AmpConnection;
  /** The command's name. */
  readonly command: string;
  /** `outgoing`: this end calls. `incoming`: the peer does. */
  readonly direction: "outgoing" | "incoming";
  /** Argument values of an outgoing call, by name. Undefined for an incoming one. */
  readonly arguments?: Readonly<Record<string, unknown>> | undefined;
}

/** A protocol change: StartTLS, a protocol switch, or a command of the user's own that changes the protocol. */
export interface ChangeEvent {
  readonly connection: AmpConnection;
  /** `upgrading` to TLS, or `switching` to another protocol. */
  readonly kind: "upgrading" | "switching";
  /** The role of this end. */
  readonly side: "asker" | "responder";
}

/**
 * Observer of connections. Every method is optional and is called synchronously. If one throws, its connection is destroyed with
 * the error, and `onError` is called. Later versions may add methods.
 */
export interface Observer {
  connectionOpened?(connection: AmpConnection): void;
  connectionClosed?(connection: AmpConnection, reason: Error): void;
  /** False: no events of calls are created. Read for every call, so it must be cheap. Default true. */
  readonly watchesCalls?: boolean;
  callStarted?(call: CallEvent): void;
  /** Called when the answer has arrived, or when a call that wants no answer was written. */
  callAnswered?(call: CallEvent): void;
  callFailed?(call: CallEvent, error: unknown): void;
  changeStarted?(change: ChangeEvent): void;
  /** @param session the negotiated TLS session; undefined for a protocol switch */
  changeDone?(change: ChangeEvent, session: TLSSession | undefined): void;
  changeFailed?(change: ChangeEvent, error: unknown): void;
  /** Receives the errors that `onError` receives. Command and connection are undefined for an error of a server. */
  errorReported?(error: unknown, command: string | undefined, connection: AmpConnection | undefined): void;
}

/** An observer of the library's own, which never throws: it is called without a guard. */
export abstract class TrustedObserver {}

type Failed = (error: unknown) => void;

/**
 * Returns an observer that calls the given one until it throws or rejects, and then calls `failed`. Only `connectionOpened`
 * throws: the code that opens the connection receives the error.
 */
export function guardedObserver(observer: Observer | undefined, failed: Failed): Observer | undefined {
  if (observer === undefined || observer instanceof TrustedObserver) return observer;
  return new GuardedObserver(observer, failed);
}

/** The methods whose errors end the connection. `connectionOpened` throws to the code that opens it. */
const GUARDED = [
  "connectionClosed",
  "callStarted",
  "callAnswered",
  "callFailed",
  "changeStarted",
  "changeDone",
  "changeFailed",
  "errorReported",
] as const;

/** Has the methods {@link GUARDED}, too. */
class GuardedObserver implements Observer {
  readonly #observer: Observer;
  readonly #failed: Failed;
  #broken = false;

  static {
    for (const name of GUARDED) {
      const notify = function (this: GuardedObserver, ...event: unknown[]): void {
        this.#notify(name, event);
      };
      Object.defineProperty(this.prototype, name, { value: notify });
    }
  }

  constructor(observer: Observer, failed: Failed) {
    this.#observer = observer;
    this.#failed = failed;
  }

  #notify(name: (typeof GUARDED)[number], event: unknown[]): void {
    if (this.#broken) return;
    try {
      // It gets what the method of this name was called with. A JavaScript program may pass an async function.
      const method = this.#observer[name] as ((...event: unknown[]) => unknown) | undefined;
      const result = method?.apply(this.#observer, event);
      if (typeof result === "object" && result !== null)
        Promise.resolve(result).catch((error: unknown) => this.#fail(error));
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#failed(error);
  }

  connectionOpened(connection: AmpConnection): void {
    this.#observer.connectionOpened?.(connection);
  }

  get watchesCalls(): boolean {
    try {
      return !this.#broken && watchesCalls(this.#observer);
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }
}

/** True if events of calls are created for the observer. */
export function watchesCalls(observer: Observer | undefined): observer is Observer {
  return observer !== undefined && observer.watchesCalls !== false;
}
