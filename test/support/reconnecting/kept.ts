/** A reconnecting client with a clock that the test controls. */
import type { Connection } from "ampwire";
import { type ManualClock, manualClock } from "ampwire/testing";
import { expect, onTestFinished } from "vitest";
import type { ReconnectingClient } from "../../../src/core/reconnecting/client.ts";
import type {
  ReconnectingBaseOptions,
  ReconnectingState,
  ReconnectingStateChange,
} from "../../../src/core/reconnecting/options.ts";
import { within } from "../within.ts";

export interface Kept<C extends Connection> {
  readonly client: ReconnectingClient<C>;
  readonly clock: ManualClock;
  readonly changes: readonly ReconnectingStateChange<C>[];
  /** Resolves when the client is in this state, or has just been in it. */
  become(state: ReconnectingState): Promise<ReconnectingStateChange<C>>;
}

/** Uses the longest delays, and checks after the test that nothing is left of the client. */
export function kept<C extends Connection, A = unknown>(
  reconnecting: (behaviour: ReconnectingBaseOptions<C, A>) => ReconnectingClient<C>,
  options: ReconnectingBaseOptions<C, A> = {},
): Kept<C> {
  const clock = manualClock();
  const changes: ReconnectingStateChange<C>[] = [];
  const listeners = new Set<(change: ReconnectingStateChange<C>) => void>();
  const client = reconnecting({
    backoff: { jitter: () => 1 },
    ...options,
    clock,
    onStateChange: (change) => {
      changes.push(change);
      for (const listener of listeners) listener(change);
      return options.onStateChange?.(change);
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
    within(
      new Promise<ReconnectingStateChange<C>>((resolve) => {
        const listener = (change: ReconnectingStateChange<C>) => {
          if (change.state !== state) return;
          listeners.delete(listener);
          resolve(change);
        };
        listeners.add(listener);
      }),
      () => `the state ${state} of a client whose states were ${changes.map((change) => change.state)}`,
    );
  return { client, clock, changes, become };
}
