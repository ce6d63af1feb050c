/** The age of a server's connections: an old one is closed, so that its client connects again through the balancer. */
import { kernelOf } from "../core/connection/connection.ts";
import { knowsGoAway } from "../core/features/go-away.ts";
import { checkPositive } from "../core/number-option.ts";
import type { NodeConnection } from "./connection.ts";

/** The part by which each age may differ from the option, so that connections opened together do not end together. */
const JITTER = 0.1;

/** @throws RangeError */
export function checkMaxConnectionAge(maxConnectionAge: number | undefined): void {
  checkPositive({ maxConnectionAge });
}

/**
 * Closes the connection when it has reached the age. If the peer does not know GoAway, closing could lose a call, so the
 * connection stays open and is checked again after the same time.
 */
export function limitAge(connection: NodeConnection, maxConnectionAge: number): void {
  if (maxConnectionAge === Number.POSITIVE_INFINITY) return;
  const kernel = kernelOf(connection);
  const { clock } = kernel;
  let timer: unknown;
  const start = () => {
    const age = maxConnectionAge * (1 - JITTER + 2 * JITTER * Math.random());
    timer = clock.setTimeout(() => (knowsGoAway(kernel) ? void connection.close() : start()), age);
  };
  start();
  void connection.closed.then(() => clock.clearTimeout(timer));
}
