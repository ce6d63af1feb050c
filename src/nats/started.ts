/** The start of what subscribes to NATS: it resolves when the NATS server knows and permits the subscriptions. */
import { toError } from "../core/errors/to-error.ts";
import { ConnectionClosed, ConnectionLost } from "../core/errors/transport.ts";
import type { NatsConnectionLike } from "./nats-connection.ts";

/** A worker or an edge that has just subscribed. */
interface Startable {
  /** The error of a subscription that the server has rejected. */
  readonly notPermitted: unknown;
  /** Called when the server knows and permits the subscriptions. */
  begun(): void;
  destroy(reason: Error): void;
}

/**
 * Makes a worker or an edge, waits until the server knows its subscriptions, and destroys it if it cannot be used.
 * @param role what it is, for messages: "a worker"
 * @throws ConnectionLost if there is no connection to NATS, or the server does not permit a subscription; what `make` throws
 */
export async function started<T extends Startable>(
  nats: NatsConnectionLike,
  make: () => T,
  role: string,
): Promise<T> {
  if (nats.isClosed() || nats.isDraining())
    throw new ConnectionClosed(`the NATS connection is closed: open one for ${role}`);
  const startable = make();
  try {
    await nats.flush();
  } catch (cause) {
    startable.destroy(toError(cause));
    if (cause instanceof ConnectionLost) throw cause;
    throw new ConnectionLost(`the NATS server could not be told about ${role}`, { cause });
  }
  const { notPermitted: cause } = startable;
  if (cause === undefined) {
    startable.begun();
    return startable;
  }
  const error = new ConnectionLost(`the NATS server does not permit this user to subscribe as ${role}`, {
    cause,
  });
  startable.destroy(error);
  throw error;
}
