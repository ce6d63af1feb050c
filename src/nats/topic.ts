/** Topics: commands without an answer, to all that subscribe. */

import { asCommandResponder } from "../core/command/responder.ts";
import type { Caller, CloseOptions } from "../core/command/types.ts";
import type { Limits } from "../core/connection/limits.ts";
import type { ErrorContext } from "../core/connection/options.ts";
import { reportError } from "../core/connection/report.ts";
import { RemoteAmpError } from "../core/errors/peer.ts";
import { ConnectionClosed } from "../core/errors/transport.ts";
import { TLS_REQUIRED_ERROR_CODE, UNHANDLED_ERROR_CODE } from "../core/errors/wire-codes.ts";
import { isThenable } from "../core/serving/answers.ts";
import type { ResponderLocator } from "../core/serving/locator.ts";
import { limitTime } from "../core/time-limit.ts";
import type { Clock } from "../core/transport.ts";
import { wrongType } from "../core/wire/value-text.ts";
import { commandNameOf, PayloadReader } from "./boxes.ts";
import { targetOf } from "./call-service.ts";
import { NatsCaller } from "./caller.ts";
import { isEncrypted } from "./encryption.ts";
import { LastingSubscription } from "./lasting-subscription.ts";
import type { NatsConnectionLike, NatsMessage, NatsSubscription } from "./nats-connection.ts";
import {
  checkClose,
  checkNats,
  checkOptions,
  DISPOSE_TIMEOUT_MS,
  limitsOf,
  linkFor,
  NATS_OPTIONS,
  type NatsOptions,
  secrecyOf,
} from "./options.ts";
import { RemotePeer } from "./peer.ts";
import { randomId } from "./platform.ts";
import { ServedAsk } from "./served-ask.ts";
import { checkService, tokenOf } from "./subjects.ts";

/** Options of {@link topic}. */
export interface TopicOptions extends NatsOptions {
  /** Name of the service: letters, digits, `-` and `_`. */
  readonly service: string;
  /** Name of the topic: any text of 1 to 300 bytes or so. */
  readonly topic: string;
}

/** Options of {@link subscribe}. */
export interface SubscribeOptions extends TopicOptions {
  /** Responders for the commands of the topic. Their return values are dropped. */
  readonly locator: ResponderLocator;
  /** Receives the errors of responders, and those of invalid messages. Default: each is a warning of the platform. */
  readonly onError?: ((error: unknown, about: ErrorContext) => void) | undefined;
}

const TOPIC_OPTIONS = [...NATS_OPTIONS, "service", "topic"] as const;
const SUBSCRIBE_OPTIONS = [...TOPIC_OPTIONS, "locator", "onError"] as const;

/**
 * Returns a caller of all that have subscribed to a topic: programs with `subscribe`, and clients that have joined it. It takes
 * only commands without an answer. They arrive at most once, and their outcome is not known.
 * @throws InvalidSignature, RangeError, TypeError for invalid options
 */
export function topic(nats: NatsConnectionLike, options: TopicOptions): Caller {
  checkNats("topic", nats);
  checkOptions("topic", options, TOPIC_OPTIONS);
  const subject = subjectOf("topic", options ?? {});
  const target = targetOf(nats, options, undefined, () => subject);
  return new NatsCaller(linkFor(nats, options), { ...target, announcesTLS: true, isTopic: true });
}

/** A subscription to a topic. {@link subscribe} creates it. */
export interface TopicSubscription extends AsyncDisposable {
  /**
   * Ends the subscription. Commands that have arrived are still served: resolves when their responders have finished.
   * @param options limits after which it no longer waits for them
   */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * Serves the commands of a topic in this process, until the subscription is closed.
 * @throws ConnectionClosed if the NATS connection is closed
 * @throws InvalidSignature, RangeError, TypeError for invalid options
 */
export function subscribe(nats: NatsConnectionLike, options: SubscribeOptions): TopicSubscription {
  checkNats("subscribe", nats);
  checkOptions("subscribe", options, SUBSCRIBE_OPTIONS);
  const subject = subjectOf("subscribe", options ?? {});
  checkOpen(nats);
  const { locator } = options;
  if (typeof locator?.locateResponder !== "function")
    throw wrongType("subscribe: the option locator", "an object that locator(...) makes", locator);
  const events = new TopicEvents(nats, options);
  const link = linkFor(nats, options);
  const subscription = new LastingSubscription(link, subject, undefined, {
    receive: (message) => events.receive(message),
    rejected: (error) => events.report(error, undefined),
  });
  const close = async (limits: CloseOptions = {}) => {
    checkClose(limits);
    let release = () => {};
    const late = new Promise<void>((resolve) => {
      if (limits.signal?.aborted) resolve();
      release = limitTime(link.clock, limits, () => resolve());
    });
    await Promise.race([late, drained(nats, subscription).then(() => events.ended())]);
    release();
    subscription.unsubscribe();
  };
  return { close, [Symbol.asyncDispose]: () => close({ timeout: DISPOSE_TIMEOUT_MS }) };
}

/** @throws ConnectionClosed */
function checkOpen(nats: NatsConnectionLike): void {
  if (nats.isClosed() || nats.isDraining())
    throw new ConnectionClosed("the NATS connection is closed: open one to subscribe");
}

async function drained(nats: NatsConnectionLike, subscription: NatsSubscription): Promise<void> {
  if (nats.isClosed() || subscription.isClosed()) return;
  await subscription.drain().catch(() => {}); // the connection has broken: the subscription is not made again
}

function subjectOf(what: string, { service, topic: name }: Partial<TopicOptions>): string {
  const prefix = checkService(what, service);
  if (typeof name !== "string") throw wrongType(`${what}: the option topic`, "a string", name);
  return `${prefix}.event.${tokenOf(name)}`;
}

/** The commands that arrive for one subscription. */
class TopicEvents {
  readonly #options: SubscribeOptions;
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #reader = new PayloadReader();
  readonly #peer: RemotePeer;
  readonly #secrecyProblem: () => string | undefined;
  /** Promises of responders that have not finished. */
  readonly #running = new Set<Promise<void>>();

  constructor(nats: NatsConnectionLike, options: SubscribeOptions) {
    this.#options = options;
    this.#limits = limitsOf(options);
    this.#clock = linkFor(nats, options).clock;
    this.#secrecyProblem = secrecyOf(nats, options);
    const closed = new Promise<Error>(() => {}); // a publisher has no connection that could end
    this.#peer = new RemotePeer(
      {
        id: randomId(),
        clock: this.#clock,
        encrypted: isEncrypted(nats),
        addressPrefix: options.service,
        clientAt: () => topic(nats, options),
        control: () => Promise.reject(new ConnectionClosed("a topic has no client")),
        report: (error, command) => this.report(error, command),
        goneOf: () => closed,
      },
      undefined,
      undefined,
    );
  }

  /** Never throws: the NATS client would stop reading permanently. */
  receive(message: NatsMessage): void {
    let name: string | undefined;
    try {
      const frame = this.#reader.read(message.data, this.#limits);
      if (frame.command < 0 || frame.answer >= 0 || frame.error >= 0)
        throw new TypeError("the message of a topic is not a command");
      name = commandNameOf(frame);
      const responder = this.#options.locator.locateResponder(name);
      if (responder === undefined)
        throw new RemoteAmpError(UNHANDLED_ERROR_CODE, `Unhandled Command: '${name}'`);
      if (asCommandResponder(responder)?.command.requireTLS && this.#secrecyProblem() !== undefined)
        throw new RemoteAmpError(TLS_REQUIRED_ERROR_CODE, `${name} is not served over NATS without TLS`);
      const served = new ServedAsk(
        this.#clock,
        undefined,
        this.#peer,
        undefined,
        undefined,
        undefined,
        undefined,
      );
      const result = served.respond(responder, frame, this.#limits.maxElements);
      if (!isThenable(result)) return;
      const command = name;
      const running = Promise.resolve(result)
        .then(() => {})
        .catch((error: unknown) => this.report(error, command))
        .finally(() => this.#running.delete(running));
      this.#running.add(running);
    } catch (error) {
      this.report(error, name);
    }
  }

  /** Resolves when the responders have finished. */
  async ended(): Promise<void> {
    await Promise.all(this.#running);
  }

  report(error: unknown, command: string | undefined): void {
    reportError(this.#options.onError, error, { command, connection: this.#peer });
  }
}
