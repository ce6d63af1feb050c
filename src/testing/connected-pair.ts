/** Two connections joined in memory. */
import { Connection } from "../core/complete-connection.ts";
import type { ConnectionOptions } from "../core/connection/options.ts";
import type { Clock } from "../core/transport.ts";
import { manualClock } from "./manual-clock.ts";
import { type MemoryTransportOptions, memoryTransports } from "./memory-transport.ts";

/** What two connections have in common. */
export interface PairOptions extends MemoryTransportOptions {
  /** Their time. Default: it stands still, and no timeout ever comes. */
  readonly clock?: Clock | undefined;
}

/**
 * Two connections joined in memory.
 * @param a how the first behaves
 * @param b how the second does
 */
export function connectedPair(
  a: ConnectionOptions = {},
  b: ConnectionOptions = {},
  options: PairOptions = {},
): [a: Connection, b: Connection] {
  const { clock = manualClock(), ...transport } = options;
  const [atA, atB] = memoryTransports(transport);
  return [new Connection(atA, clock, a), new Connection(atB, clock, b)];
}
