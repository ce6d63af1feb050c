/** Several addresses of one service: the order in which a client tries them, and the attempts. */
import { messageOf } from "../errors/to-error.ts";
import { ConnectFailed } from "../errors/transport.ts";
import type { Signal } from "../platform.ts";
import type { Clock } from "../transport.ts";
import type { ConnectionFactory, Reconnectable } from "./options.ts";

/** Milliseconds for which an address that has failed is tried after the others. */
const FAILURE_MEMORY_MS = 60_000;

/** Default `connectTimeout` if there are several addresses: the next one must not wait for minutes. */
export const CONNECT_TIMEOUT_MS = 10_000;

/** Source of the addresses of a client. */
export interface AddressSource<A> {
  /** Returns the addresses in the order in which to try them now. @throws ConnectFailed if there is none */
  order(signal: Signal): readonly A[] | Promise<readonly A[]>;
  /** Called when an address is tried. It counts as failing until {@link succeeded}. */
  tried(address: A): void;
  /** Called when a connection to the address was set up. */
  succeeded(address: A): void;
}

/** The addresses that have failed lately. */
export class RecentFailures<A> {
  readonly #clock: Pick<Clock, "now">;
  readonly #failedAt = new Map<A, number>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  add(address: A): void {
    this.#failedAt.set(address, this.#clock.now());
  }

  delete(address: A): void {
    this.#failedAt.delete(address);
  }

  /** Returns the addresses in the same order, those that have failed lately at the end. */
  last(addresses: readonly A[]): A[] {
    const now = this.#clock.now();
    const failing = (address: A) => {
      const at = this.#failedAt.get(address);
      return at !== undefined && now - at < FAILURE_MEMORY_MS;
    };
    return [...addresses.filter((address) => !failing(address)), ...addresses.filter(failing)];
  }
}

/** A fixed list of addresses, tried in turn from a random one on. */
export class Rotation<A> implements AddressSource<A> {
  /** The address that was tried least recently is the first one. */
  readonly #addresses: A[];
  readonly #random: () => number;
  readonly #failures: RecentFailures<A>;
  #isShuffled = false;

  /** @param random returns a number from 0 to 1 */
  constructor(addresses: readonly A[], random: () => number, clock: Pick<Clock, "now">) {
    this.#addresses = [...addresses];
    this.#random = random;
    this.#failures = new RecentFailures(clock);
  }

  order(): readonly A[] {
    // The clients of one program must not all begin with the same server.
    if (!this.#isShuffled) shuffle(this.#addresses, this.#random);
    this.#isShuffled = true;
    return this.#failures.last(this.#addresses);
  }

  tried(address: A): void {
    this.#addresses.splice(this.#addresses.indexOf(address), 1);
    this.#addresses.push(address);
    this.#failures.add(address);
  }

  succeeded(address: A): void {
    this.#failures.delete(address);
  }
}

/** Shuffles in place (Fisher and Yates). Random numbers of 1 keep the order. */
export function shuffle(items: unknown[], random: () => number): void {
  for (let end = items.length - 1; end > 0; end--) {
    const part = random();
    const at = part >= 0 && part < 1 ? Math.floor(part * (end + 1)) : end; // the program's own `jitter` may return 1
    [items[end], items[at]] = [items[at], items[end]];
  }
}

/** The part of a {@link ConnectionFactory} that knows several addresses. */
interface RotatingFactory<C extends Reconnectable, A> extends Pick<ConnectionFactory<C, A>, "open"> {
  addressOf(connection: C): A | undefined;
  succeeded(connection: C): void;
}

/**
 * Returns the part of a factory that opens connections to the addresses of a source. An attempt of the client tries each
 * address once, until one can be connected.
 * @param isOptionsError returns true for an error that the options have caused: the other addresses are not tried
 */
export function openInTurn<C extends Reconnectable, A>(
  source: AddressSource<A>,
  open: (address: A, signal: Signal) => Promise<C>,
  isOptionsError: (error: unknown) => boolean,
): RotatingFactory<C, A> {
  const addresses = new WeakMap<C, A>();
  const addressOf = (connection: C) => addresses.get(connection);
  return {
    async open(signal) {
      const errors: unknown[] = [];
      for (const address of await source.order(signal)) {
        if (signal.aborted) throw signal.reason;
        source.tried(address);
        try {
          const connection = await open(address, signal);
          addresses.set(connection, address);
          return connection;
        } catch (error) {
          if (signal.aborted || isOptionsError(error)) throw error;
          errors.push(error);
        }
      }
      throw errors.length === 1 ? errors[0] : allFailed(errors);
    },
    addressOf,
    succeeded(connection) {
      const address = addressOf(connection);
      if (address !== undefined) source.succeeded(address);
    },
  };
}

function allFailed(errors: readonly unknown[]): ConnectFailed {
  const reasons = [...new Set(errors.map(messageOf))].join("; ");
  return new ConnectFailed(`none of the ${errors.length} addresses could be connected: ${reasons}`, {
    cause: new AggregateError(errors),
  });
}
