/** Functions that make callers: of a service, and of one client. */
import { type CallTarget, NatsCaller } from "./caller.ts";
import type { NatsConnectionLike } from "./nats-connection.ts";
import {
  checkNats,
  checkOptions,
  linkFor,
  NATS_CALL_OPTIONS,
  type NatsCallOptions,
  rulesOf,
  secrecyOf,
} from "./options.ts";
import { checkService, parseAddress, tokenOf } from "./subjects.ts";

/** Options of {@link caller}. */
export interface CallerOptions extends NatsCallOptions {
  /** Name of the service: letters, digits, `-` and `_`. */
  readonly service: string;
}

const CALLER_OPTIONS = [...NATS_CALL_OPTIONS, "service"] as const;

/**
 * Returns a caller of a service: a worker of the service executes each call. It is used like a connection.
 *
 * A call that was not executed is made again for `patience`. Then it rejects with NoResponders, or with UnhandledCommand if the
 * workers do not know the command. A call that may have been executed rejects with ResponderLost or CallTimeout, unless its
 * command is `idempotent`: then it is made again.
 * @param nats a connection of `@nats-io/transport-node`, or any other connection of `@nats-io/nats-core`
 * @throws InvalidSignature, RangeError, TypeError for invalid options
 */
export function caller(nats: NatsConnectionLike, options: CallerOptions): NatsCaller {
  checkNats("caller", nats);
  checkOptions("caller", options, CALLER_OPTIONS);
  const service = checkService("caller", options?.service);
  return new NatsCaller(
    linkFor(nats, options),
    targetOf(nats, options, service, (name) => `${service}.call.${name}`),
  );
}

/** Options of {@link clientAt}. */
export type ClientAtOptions = NatsCallOptions;

/**
 * Returns a caller of one client that is connected to any edge. If the client is not connected, or not any more, calls reject
 * with NoResponders.
 * @param address `context.connection.address` of an ask of the client. It is valid while the client is connected
 * @throws InvalidSignature for an invalid address; RangeError, TypeError for invalid options
 */
export function clientAt(
  nats: NatsConnectionLike,
  address: string,
  options: ClientAtOptions = {},
): NatsCaller {
  checkNats("clientAt", nats);
  checkOptions("clientAt", options, NATS_CALL_OPTIONS);
  const { service, client } = parseAddress(address);
  const subject = `${service}.client.${client}`;
  const target = targetOf(nats, options, undefined, () => subject);
  return new NatsCaller(linkFor(nats, options), { ...target, announcesTLS: true });
}

/** @param service undefined if no other worker can take the call */
export function targetOf(
  nats: NatsConnectionLike,
  options: NatsCallOptions,
  service: string | undefined,
  subjectOf: (token: string) => string,
): CallTarget {
  const rules = rulesOf(options, service);
  return {
    rules,
    callTimeout: options.callTimeout,
    subjectOf: (name) => subjectOf(tokenOf(name)),
    secrecyProblem: secrecyOf(nats, options),
    announcesTLS: false,
    traceparent: options.traceparent,
    maxElements: rules.maxElements,
  };
}
