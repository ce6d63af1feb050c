/** A client that keeps a connection up, in time that is set by hand. */
import type { Connection } from "ampwire";
import { type ManualClock, manualClock } from "ampwire/testing";
import { expect, onTestFinished } from "vitest";
import type { ReconnectingClient } from "../../../src/core/reconnecting/client.ts";
import type {
  ReconnectingBehaviour,
  ReconnectingChange,
  ReconnectingState,
} from "../../../src/core/reconnecting/options.ts";

export interface Kept<C extends Connection> {
  readonly client: ReconnectingClient<C>;
  readonly clock: ManualClock;
  readonly changes: readonly ReconnectingChange<C>[];
  /** Until the client is, or has just been, in this state. */
  become(state: ReconnectingState): Promise<ReconnectingChange<C>>;
}

/** It waits as long as it ever would, and after the test nothing of it is left. */
export function kept<C extends Connection>(
  reconnecting: (behaviour: ReconnectingBehaviour<C>) => ReconnectingClient<C>,
  options: ReconnectingBehaviour<C> = {},
): Kept<C> {
  const clock = manualClock();
  const changes: ReconnectingChange<C>[] = [];
  const listeners = new Set<(change: ReconnectingChange<C>) => void>();
  const client = reconnecting({
    backoff: { jitter: () => 1 },
    ...options,
    clock,
    onStateChange: (change) => {
      changes.push(change);
      for (const listener of listeners) listener(change);
      options.onStateChange?.(change);
    },
  });
  onTestFinished(async () => {
    client.destroy();
    await client.closed;
    expect(client.state).toBe("closed");
    expect(client.waiting).toBe(0);
    await expect.poll(() => clock.pending).toBe(0);
  });
  const become = (state: ReconnectingState) =>
    new Promise<ReconnectingChange<C>>((resolve) => {
      const listener = (change: ReconnectingChange<C>) => {
        if (change.state !== state) return;
        listeners.delete(listener);
        resolve(change);
      };
      listeners.add(listener);
    });
  return { client, clock, changes, become };
}
