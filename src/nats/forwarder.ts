/** The asks of clients, which an edge forwards to workers. */
import { CommandResponder } from "../core/command/responder.ts";
import type { AnyCommand, ResponderContext } from "../core/command/types.ts";
import { CallTimeout, InvalidSignature, LimitExceeded, TLSRequired, TooLong } from "../core/errors/caller.ts";
import { UnhandledCommand } from "../core/errors/peer.ts";
import { ConnectionLost } from "../core/errors/transport.ts";
import {
  LOST_ERROR_CODE,
  TIMEOUT_ERROR_CODE,
  TLS_REQUIRED_ERROR_CODE,
  TOO_LONG_ERROR_CODE,
  UNAVAILABLE_ERROR_CODE,
  UNHANDLED_ERROR_CODE,
  UNKNOWN_ERROR_CODE,
} from "../core/errors/wire-codes.ts";
import type { Values } from "../core/schema/field.ts";
import { encodeBox } from "../core/wire/box-writer.ts";
import type { Frame } from "../core/wire/frame.ts";
import { frameOfBytes } from "../core/wire/frame-of.ts";
import { ASK } from "../core/wire/protocol-keys.ts";
import { shownValue, wrongType } from "../core/wire/value-text.ts";
import { type TaggedBox, taggedBox } from "./boxes.ts";
import { type CallRules, NatsCall, NatsClosed } from "./call.ts";
import type { EdgeClient } from "./edge-client.ts";
import type { EdgeOptions } from "./edge-options.ts";
import { NoReceiver, NoResponders, NotPermitted } from "./errors.ts";
import { FATAL_HEADER, headerOf, traceOf, WORKER_HEADER } from "./headers.ts";
import type { Link } from "./link.ts";
import type { NatsMessage } from "./nats-connection.ts";
import { rulesOf, secrecyOf } from "./options.ts";
import { boxIn, ForwardedCommand, PassedOnError, passedOnValues } from "./passed-on.ts";
import { publishOnce } from "./publish-once.ts";
import { tokenOf } from "./subjects.ts";

/** The edge, as its forwarder sees it. */
interface ForwardingEdge {
  clientOf(context: ResponderContext): EdgeClient;
  report(error: unknown, command: string | undefined): void;
  /** A call of a client has ended. */
  callEnded(): void;
  /** True after the end of the edge. */
  isEnded(): boolean;
}

/** Tag of an ask that the edge itself wants to be answered. */
const OWN_TAG = "1";
const NOTHING: TaggedBox = { bytes: new Uint8Array(0), tagStart: 0, tagEnd: 0 };

export class Forwarder {
  readonly #link: Link;
  readonly #options: EdgeOptions;
  readonly #edge: ForwardingEdge;
  readonly #rules: CallRules;
  /** With affinity: rules for calls to the worker of a client. */
  readonly #fixedRules: CallRules;
  readonly #secrecyProblem: () => string | undefined;
  readonly #callTimeout: number | undefined;
  #hasReportedNoAffinity = false;
  readonly responders: ReadonlyMap<string, CommandResponder>;

  /** @throws InvalidSignature, RangeError, TypeError for invalid options */
  constructor(link: Link, options: EdgeOptions, edge: ForwardingEdge) {
    this.#link = link;
    this.#options = options;
    this.#edge = edge;
    this.#rules = rulesOf(options, options.service);
    this.#fixedRules = { ...this.#rules, service: undefined, isFixed: true };
    this.#secrecyProblem = secrecyOf(link.nats, options);
    const { callTimeout } = options;
    this.#callTimeout = callTimeout === Number.POSITIVE_INFINITY ? undefined : callTimeout;
    const responders = new Map<string, CommandResponder>();
    for (const command of checkCommands(options.commands)) {
      if (responders.has(command.name))
        throw new InvalidSignature(`edge: ${command.name} is twice among the commands`);
      const token = tokenOf(command.name);
      const forwarded = new ForwardedCommand({ ...pick(command), requiresAnswer: true });
      responders.set(
        command.name,
        new CommandResponder(forwarded, (values, context) =>
          this.#forward(forwarded, token, boxIn(values), context),
        ),
      );
    }
    this.responders = responders;
  }

  #forward(
    command: ForwardedCommand,
    token: string,
    box: TaggedBox,
    context: ResponderContext,
  ): Promise<Values> | Values {
    // Without a connection it is not known: the call waits, and each attempt looks again.
    const isChecked = command.requireTLS && this.#link.watch.connected;
    const problem = isChecked ? this.#secrecyProblem() : undefined;
    if (problem !== undefined) {
      const text = "this is not served: the edge reaches NATS without TLS";
      const refusal = new PassedOnError(TLS_REQUIRED_ERROR_CODE, text);
      if (box.tagEnd > 0) throw refusal;
      this.#edge.report(refusal, command.name); // thrown, it would close the connection of the client
      return passedOnValues(NOTHING);
    }
    if (this.#edge.isEnded()) throw new PassedOnError(UNAVAILABLE_ERROR_CODE, "the edge is closed");
    const client = this.#edge.clientOf(context);
    if (client.hasGone) return toNobody(box);
    const { identify, traceparent } = this.#options;
    const headers = client.headers(identify, context, this.#callTimeout !== undefined, traceOf(traceparent));
    if (this.#options.affinity !== undefined)
      return this.#forwardInOrder(command, token, box, client, headers);
    const subject = `${this.#options.service}.edge.${token}`;
    if (box.tagEnd > 0) return this.#ask(command, subject, this.#rules, box, client, headers);
    return this.#tell(command, subject, box, headers);
  }

  /** Publishes a command without an answer. */
  #tell(command: AnyCommand, subject: string, box: TaggedBox, headers: Headers): Values {
    try {
      publishOnce(this.#link, this.#rules, subject, box.bytes, headers(undefined), {
        secrecyProblem: command.requireTLS ? this.#secrecyProblem : undefined,
        failed: (error) => this.#edge.report(error, command.name),
      });
    } catch (error) {
      this.#edge.report(error, command.name);
    }
    return passedOnValues(NOTHING);
  }

  /** The worker of a client's first ask gets all others. They wait for its first answer or heartbeat, which names it. */
  async #forwardInOrder(
    command: ForwardedCommand,
    token: string,
    box: TaggedBox,
    client: EdgeClient,
    headers: Headers,
  ): Promise<Values> {
    while (client.worker === undefined && client.choosing !== undefined) await client.choosing;
    if (client.hasGone) return toNobody(box); // workers would never learn that it has gone
    const { service } = this.#options;
    if (client.worker === undefined) {
      const asked = box.tagEnd > 0 ? box : withOwnTag(box);
      let named = ignore;
      const heartbeat = new Promise<void>((resolve) => {
        named = resolve;
      });
      const subject = `${service}.edge.${token}`;
      const first = this.#ask(command, subject, this.#rules, asked, client, headers, (message) => {
        client.worker ??= headerOf(message, WORKER_HEADER);
        if (client.worker !== undefined) named();
      });
      client.choosing = Promise.race([first.then(ignore, ignore), heartbeat]).finally(() => {
        client.choosing = undefined;
      });
      if (box.tagEnd > 0) return await first;
      await first.catch(ignore); // the client wants no answer
      return passedOnValues(NOTHING);
    }
    const subject = `${service}.worker.${client.worker}.${token}`;
    if (box.tagEnd > 0) return await this.#ask(command, subject, this.#fixedRules, box, client, headers);
    return this.#tell(command, subject, box, headers);
  }

  #ask(
    { name, idempotent, requireTLS }: AnyCommand,
    subject: string,
    rules: CallRules,
    box: TaggedBox,
    client: EdgeClient,
    headers: Headers,
    inProgress?: (message: NatsMessage) => void,
  ): Promise<Values> {
    return new Promise((resolve, reject) => {
      const ended = () => {
        client.calls.delete(call);
        this.#edge.callEnded();
      };
      const call = new NatsCall(this.#link, rules, {
        name,
        subject,
        idempotent,
        timeout: this.#callTimeout,
        signal: undefined, // the edge abandons the calls of a client that has disconnected
        headers,
        inProgress,
        secrecyProblem: requireTLS ? this.#secrecyProblem : undefined,
        answered: (frame, message) => {
          ended();
          try {
            resolve(this.#answer(frame, message, client));
          } catch (error) {
            reject(error);
          }
        },
        failed: (error) => {
          ended();
          if (rules.isFixed && error instanceof NoReceiver) void client.connection.close();
          // The error names subjects of the network, which are for the operator and not for the client.
          if (error instanceof NotPermitted) this.#edge.report(error, name);
          reject(codeOf(error));
        },
      });
      client.calls.add(call);
      call.start(box);
    });
  }

  /** Each ask waits for the one before then, and goes to any worker. Reported once. */
  #reportNoAffinity(): void {
    if (this.#hasReportedNoAffinity) return;
    this.#hasReportedNoAffinity = true;
    const { service } = this.#options;
    const text = `the edge has affinity, and a worker of ${service} has not: set the option affinity of serve, too`;
    this.#edge.report(new InvalidSignature(text), undefined);
  }

  /** @throws PassedOnError for an error box */
  #answer(frame: Frame, message: NatsMessage, client: EdgeClient): Values {
    if (this.#options.affinity !== undefined) {
      client.worker ??= headerOf(message, WORKER_HEADER);
      if (client.worker === undefined) this.#reportNoAffinity();
    }
    if (frame.answer >= 0) return passedOnValues(taggedBox(frame, frame.answer));
    const error = PassedOnError.fromFrame(frame, false);
    const closes = headerOf(message, FATAL_HEADER) !== undefined;
    const isUndeclared = error.errorCode === UNKNOWN_ERROR_CODE;
    if (!closes || (isUndeclared && this.#options.closeOnUndeclaredError === false)) throw error;
    throw new PassedOnError(error.errorCode, error.message, true, error.data);
  }
}

type Headers = ReturnType<EdgeClient["headers"]>;

function pick({
  name,
  requireTLS,
  idempotent,
  responseType,
}: AnyCommand): Pick<AnyCommand, "name" | "requireTLS" | "idempotent" | "responseType"> {
  return { name, requireTLS, idempotent, responseType };
}

/** @throws InvalidSignature */
function checkCommands(commands: readonly AnyCommand[]): readonly AnyCommand[] {
  if (!Array.isArray(commands))
    throw wrongType("edge: the option commands", "an array of commands", commands);
  for (const command of commands) {
    if (typeof command?.writeAsk !== "function")
      throw new InvalidSignature(`edge: the option commands must hold Commands, not ${shownValue(command)}`);
    if (command.change !== undefined)
      throw new InvalidSignature(
        `edge: ${command.name} changes the protocol, which NATS cannot carry: the edge itself serves it`,
      );
  }
  return commands;
}

/** Returns what a client gets that waits for nothing any more. @throws PassedOnError for an ask that wants an answer */
function toNobody(box: TaggedBox): Values {
  if (box.tagEnd > 0) throw new PassedOnError(UNAVAILABLE_ERROR_CODE, "the client has ended its side");
  return passedOnValues(NOTHING);
}

/** Returns the error box for the failure of a forwarded call. */
function codeOf(error: unknown): PassedOnError {
  const code = errorCodeOf(error);
  if (code === UNKNOWN_ERROR_CODE) return new PassedOnError(code, "Unknown Error");
  if (error instanceof NotPermitted) return new PassedOnError(code, "the edge cannot reach the service");
  return new PassedOnError(code, error instanceof Error ? error.message : "");
}

function errorCodeOf(error: unknown): string {
  const isNotExecuted = [NoResponders, LimitExceeded, NatsClosed].some((kind) => error instanceof kind);
  if (isNotExecuted) return UNAVAILABLE_ERROR_CODE;
  if (error instanceof UnhandledCommand) return UNHANDLED_ERROR_CODE;
  if (error instanceof ConnectionLost) return LOST_ERROR_CODE;
  if (error instanceof CallTimeout) return TIMEOUT_ERROR_CODE;
  if (error instanceof TooLong) return TOO_LONG_ERROR_CODE;
  if (error instanceof TLSRequired) return TLS_REQUIRED_ERROR_CODE;
  return UNKNOWN_ERROR_CODE;
}

function withOwnTag({ bytes }: TaggedBox): TaggedBox {
  const frame = frameOfBytes(encodeBox(frameOfBytes(bytes).toBox().set(ASK, OWN_TAG)));
  return taggedBox(frame, frame.ask);
}

function ignore(): void {}
