/** Workers: `serve`. */

import { asCommandResponder } from "../core/command/responder.ts";
import { InvalidSignature } from "../core/errors/caller.ts";
import { checkPositive } from "../core/number-option.ts";
import type { ResponderLocator } from "../core/serving/locator.ts";
import { wrongType } from "../core/wire/value-text.ts";
import type { NatsConnectionLike } from "./nats-connection.ts";
import { checkAffinity, checkNats, checkOptions } from "./options.ts";
import { SERVE_OPTIONS, type ServeOptions } from "./serve-options.ts";
import { started } from "./started.ts";
import { checkService } from "./subjects.ts";
import { NatsWorker } from "./worker.ts";

/** The expression of semantic versions, as `nats micro` requires it. */
const VERSION = /^\d+\.\d+\.\d+(-[\w.-]+)?(\+[\w.-]+)?$/;

/**
 * Serves a locator's commands to callers on NATS and to clients of edges. Run any number of workers: NATS gives each ask to one
 * of them. Resolves when the NATS server knows the subscriptions.
 * @param nats a connection of `@nats-io/transport-node`, or any other connection of `@nats-io/nats-core`
 * @throws ConnectionLost if there is no connection to NATS, or the server does not permit a subscription
 * @throws InvalidSignature, RangeError, TypeError for invalid options, and for a command that changes the protocol
 */
export async function serve(nats: NatsConnectionLike, options: ServeOptions): Promise<NatsWorker> {
  checkNats("serve", nats);
  checkOptions("serve", options, SERVE_OPTIONS);
  checkService("serve", options?.service);
  const { locator, version = "0.0.0", maxAsksInProgress, heartbeat, affinity } = options;
  if (typeof locator?.locateResponder !== "function")
    throw wrongType("serve: the option locator", "an object that locator(...) makes", locator);
  if (typeof version !== "string" || !VERSION.test(version))
    throw wrongType("serve: the option version", "MAJOR.MINOR.PATCH", version);
  checkDiscovery(options);
  checkPositive({ maxAsksInProgress, heartbeat });
  checkAffinity("serve", affinity);
  checkCommands(locator);
  return await started(nats, () => new NatsWorker(nats, options), "a worker");
}

/** @throws InvalidSignature for values that `nats micro` could not read */
function checkDiscovery({ description, metadata }: ServeOptions): void {
  if (description !== undefined && typeof description !== "string")
    throw wrongType("serve: the option description", "a string", description);
  for (const [name, value] of Object.entries(metadata ?? {}))
    if (typeof value !== "string") throw wrongType(`serve: the option metadata.${name}`, "a string", value);
}

/** @throws InvalidSignature for a command that changes the protocol: the edge ends StartTLS and protocol switches */
function checkCommands(locator: ResponderLocator): void {
  for (const name of locator.names?.() ?? []) {
    const responder = locator.locateResponder(name);
    if (responder !== undefined && asCommandResponder(responder)?.command.change !== undefined)
      throw new InvalidSignature(
        `serve: ${name} changes the protocol, which NATS cannot carry: serve it at the edge`,
      );
  }
}
