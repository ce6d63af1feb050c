/** NATS's own service protocol (ADR-32): what `nats micro ls`, `info` and `stats` ask. */
import { utf8Encoder } from "../core/platform.ts";
import type { NatsConnectionLike, NatsSubscription } from "./nats-connection.ts";
import { replyProblem } from "./subjects.ts";

/** A command of the service, for discovery. */
export interface Endpoint {
  readonly command: string;
  readonly subject: string;
}

/** Description of a service. */
export interface ServiceInfo {
  readonly name: string;
  readonly id: string;
  readonly version: string;
  readonly description: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly endpoints: readonly Endpoint[];
}

interface Counts {
  requests: number;
  errors: number;
  milliseconds: number;
  lastError: string;
}

const NANOSECONDS = 1e6;
const TYPE = "io.nats.micro.v1.";

export class Discovery {
  readonly #nats: NatsConnectionLike;
  readonly #service: ServiceInfo;
  readonly #counts = new Map<string, Counts>();
  readonly #started = new Date().toISOString();
  readonly subscriptions: readonly NatsSubscription[];

  /** @param onError receives the error of a subscription that the server does not permit */
  constructor(nats: NatsConnectionLike, service: ServiceInfo, onError: (error: unknown) => void) {
    this.#nats = nats;
    this.#service = service;
    for (const { command } of service.endpoints)
      this.#counts.set(command, { requests: 0, errors: 0, milliseconds: 0, lastError: "" });
    const answers = { PING: () => this.#ping(), INFO: () => this.#info(), STATS: () => this.#stats() };
    this.subscriptions = Object.entries(answers).flatMap(([verb, answer]) =>
      ["", `.${service.name}`, `.${service.name}.${service.id}`].map((suffix) =>
        nats.subscribe(`$SRV.${verb}${suffix}`, {
          callback: (error, message) => {
            if (error !== null) onError(error);
            else this.#answer(message.reply, answer);
          },
        }),
      ),
    );
  }

  /** Counts an ask that has been served. @param error text of its error, undefined if it was answered */
  count(command: string, milliseconds: number, error: string | undefined): void {
    const counts = this.#counts.get(command);
    if (counts === undefined) return; // an unknown command: a peer may send any number of names
    counts.requests++;
    counts.milliseconds += milliseconds;
    if (error === undefined) return;
    counts.errors++;
    counts.lastError = error;
  }

  #answer(reply: string | undefined, answer: () => object): void {
    if (!reply || replyProblem(this.#service.name, reply) !== undefined) return;
    try {
      this.#nats.publish(reply, utf8Encoder.encode(JSON.stringify(answer())));
    } catch {
      // The NATS connection is closing.
    }
  }

  get #about(): object {
    const { name, id, version, metadata } = this.#service;
    return { name, id, version, metadata };
  }

  #ping(): object {
    return { type: `${TYPE}ping_response`, ...this.#about };
  }

  #info(): object {
    const { description, endpoints } = this.#service;
    return {
      type: `${TYPE}info_response`,
      ...this.#about,
      description,
      endpoints: endpoints.map((endpoint) => ({ ...this.#endpoint(endpoint), metadata: {} })),
    };
  }

  #stats(): object {
    const endpoints = this.#service.endpoints.map((endpoint) => {
      const { requests, errors, milliseconds, lastError } = this.#counts.get(endpoint.command) as Counts; // set above
      return {
        ...this.#endpoint(endpoint),
        num_requests: requests,
        num_errors: errors,
        last_error: lastError,
        processing_time: Math.round(milliseconds * NANOSECONDS),
        average_processing_time: Math.round((milliseconds * NANOSECONDS) / (requests || 1)),
      };
    });
    return { type: `${TYPE}stats_response`, ...this.#about, started: this.#started, endpoints };
  }

  /** Names of endpoints have the characters of service names only. */
  #endpoint({ command, subject }: Endpoint): object {
    return { name: command.replace(/[^\w-]/g, "_"), subject, queue_group: this.#service.name };
  }
}
