/**
 * Turns of the connections of a process. A connection with much to read gives others a turn, and all such connections together
 * use a limited time of each turn of the event loop. Otherwise many of them would block it, however short their slices are.
 */
import type { Clock } from "../transport.ts";

/** Milliseconds that connections with much to read may use in one turn of the event loop. */
const TURN_MS = 1;
/**
 * Milliseconds from which the end of the turn is waited for, to count from 0 again. Waiting costs as much as two calls, and most
 * turns take some microseconds. So shorter turns are counted together, and a turn may have only the rest of `TURN_MS`.
 */
const COUNTED_MS = TURN_MS / 2;
/** Longest and shortest time in milliseconds for which one connection is read before others get a turn. */
const LONGEST_SLICE_MS = 0.5;
const SHORTEST_SLICE_MS = 0.25;

/** A connection that waits for its turn. */
export interface TurnTaker {
  /** Reads on for a slice. */
  takeTurn(): void;
}

/** The turns of connections with the same event loop. */
export class ReadingTurns {
  readonly #clock: Clock;
  readonly #waiting = new Set<TurnTaker>();
  #used = 0;
  #scheduled = false;
  #timer: unknown;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True if the time of this turn is used up. */
  get isOver(): boolean {
    return this.#used >= TURN_MS;
  }

  /** Milliseconds for which one connection is read: fewer if many wait, so that each gets its turn soon. */
  get slice(): number {
    return Math.max(SHORTEST_SLICE_MS, Math.min(LONGEST_SLICE_MS, TURN_MS / this.#waiting.size));
  }

  /** Notes that a connection has read for some time. */
  spend(milliseconds: number): void {
    this.#used += milliseconds;
    // Without `nextTurn` the end of a turn is unknown. Then only connections that wait begin a new one.
    if (this.#used >= COUNTED_MS && this.#clock.nextTurn !== undefined) this.#schedule();
  }

  /** Adds a connection behind those that wait already. */
  wait(connection: TurnTaker): void {
    this.#waiting.add(connection);
    this.#schedule();
  }

  /** Removes a connection that has ended. */
  leave(connection: TurnTaker): void {
    this.#waiting.delete(connection);
    if (this.#waiting.size > 0 || this.#timer === undefined) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#scheduled = false;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const clock = this.#clock;
    if (clock.nextTurn !== undefined) clock.nextTurn(this.#begin);
    else this.#timer = clock.setTimeout(this.#begin, 0);
  }

  readonly #begin = () => {
    this.#scheduled = false;
    this.#timer = undefined;
    this.#used = 0;
    for (const connection of [...this.#waiting]) {
      if (this.isOver) break;
      this.#waiting.delete(connection); // it goes to the end if it waits again
      connection.takeTurn();
    }
    if (this.#waiting.size > 0) this.#schedule();
  };
}

const groups = new WeakMap<object, ReadingTurns>();

/** Returns the turns of all connections whose clocks have the same `nextTurn`, or of those with this clock. */
export function readingTurns(clock: Clock): ReadingTurns {
  const key = clock.nextTurn ?? clock;
  const turns = groups.get(key) ?? new ReadingTurns(clock);
  groups.set(key, turns);
  return turns;
}
