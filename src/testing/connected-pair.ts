/** A pair of connections joined in memory. */
import { Connection } from "../core/complete-connection.ts";
import type { ConnectionOptions } from "../core/connection/options.ts";
import { checkIsObject } from "../core/option-names.ts";
import type { Clock } from "../core/transport.ts";
import { manualClock } from "./manual-clock.ts";
import { type MemoryTransportOptions, memoryTransports } from "./memory-transport.ts";

/** Options that both connections share. */
export interface PairOptions extends MemoryTransportOptions {
  /** Clock of both connections. Default: a manual clock that never advances, so that no timeout fires. */
  readonly clock?: Clock | undefined;
}

/**
 * Creates two connections joined in memory.
 * @param a options of the first connection
 * @param b options of the second connection
 */
export function connectedPair(
  a: ConnectionOptions = {},
  b: ConnectionOptions = {},
  options: PairOptions = {},
): [a: Connection, b: Connection] {
  checkIsObject("connectedPair", options);
  const { clock = manualClock(), ...transport } = options;
  const [atA, atB] = memoryTransports(transport);
  return [new Connection(atA, clock, a), new Connection(atB, clock, b)];
}
