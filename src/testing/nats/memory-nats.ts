/**
 * A NATS server in memory, for tests of programs that use `ampwire/nats`. It has the methods of a NATS connection that
 * `ampwire/nats` uses, and loses, delays, duplicates and reorders messages on demand. It never leaves the process.
 */
import { checkOptionNames } from "../../core/option-names.ts";
import type { Clock } from "../../core/transport.ts";
import { manualClock } from "../manual-clock.ts";
import { MemoryNatsConnection, type MemoryNatsConnectionOptions } from "./connection.ts";
import type { MemoryMessage } from "./message.ts";
import { MemoryNatsServer } from "./server.ts";

/** Fault of one message on its way to one subscription. */
export interface NatsFault {
  /** The message is lost. Default false. */
  readonly lose?: boolean | undefined;
  /** Milliseconds by which the message is late. Messages without a delay overtake it. Default 0. */
  readonly delay?: number | undefined;
  /** The message arrives twice. Default false. */
  readonly duplicate?: boolean | undefined;
  /** The message arrives after the next one to the same connection. Default false. */
  readonly reorder?: boolean | undefined;
}

/** Options of {@link memoryNats}. */
export interface MemoryNatsOptions extends MemoryNatsConnectionOptions {
  /** Clock for delayed messages. Default: a manual clock that never advances, so that a delayed message never arrives. */
  readonly clock?: Clock | undefined;
  /** Largest message in bytes, with its headers. Default 1 MiB, as that of a NATS server. */
  readonly maxPayload?: number | undefined;
  /** Chooses the fault of each message on its way to a subscription. Default: no faults. */
  readonly fault?: ((message: MemoryMessage) => NatsFault | undefined) | undefined;
  /** Returns a number from 0 to 1 (excluded) that selects the member of a queue group. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** A NATS server in memory. It is also the first connection to itself. */
export class MemoryNats extends MemoryNatsConnection {
  readonly #server: MemoryNatsServer;

  constructor(server: MemoryNatsServer, options: MemoryNatsConnectionOptions) {
    super(server, options);
    this.#server = server;
  }

  /** Opens another connection, for example for another process of the program. @throws TypeError for an unknown option */
  connect(options: MemoryNatsConnectionOptions = {}): MemoryNatsConnection {
    checkOptionNames("connect", options, CONNECTION_NAMES);
    return new MemoryNatsConnection(this.#server, options);
  }

  /** Replaces the function that chooses faults. Undefined ends all faults. */
  setFault(fault: MemoryNatsOptions["fault"]): void {
    this.#server.fault = fault;
  }

  /** Breaks all connections, as a server that is killed. */
  stop(): void {
    for (const connection of this.#server.connections) connection.disconnect();
  }

  /** Lets all connections that are not closed connect again. */
  start(): void {
    for (const connection of this.#server.connections) connection.reconnect();
  }

  /** Number of subscriptions of all connections. */
  get subscriptions(): number {
    return this.#server.subscriptions.size;
  }
}

/** Names of the {@link MemoryNatsConnectionOptions}. */
const CONNECTION_NAMES = ["server", "tls", "mayPublish", "maySubscribe"];
const SERVER_NAMES = [...CONNECTION_NAMES, "clock", "maxPayload", "fault", "random"];

/**
 * Starts a NATS server in memory, and returns the first connection to it.
 * @throws TypeError for an unknown option
 */
export function memoryNats(options: MemoryNatsOptions = {}): MemoryNats {
  checkOptionNames("memoryNats", options, SERVER_NAMES);
  const { clock = manualClock(), maxPayload = 1024 * 1024, fault, random = Math.random, ...own } = options;
  return new MemoryNats(new MemoryNatsServer(clock, maxPayload, fault, random), own);
}
