/** What a protocol change sees of its connection, and moves there. */
import type { ChangingConnection } from "../command/box-kind.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { Clock, TLSOptions, TLSSession, Transport } from "../transport.ts";
import type { Ending } from "./ending.ts";
import { holdsAnswers } from "./held-answers.ts";
import type { Input } from "./input.ts";
import type { Output } from "./output.ts";
import type { Parts } from "./parts.ts";
import type { ChangeWatch, Stage } from "./stage.ts";
import type { State, Transition } from "./states.ts";

/** For the choreography. */
export class ConnectionStage implements Stage {
  readonly #parts: Parts;
  readonly #ending: Ending;
  readonly connection: ChangingConnection;
  readonly watch: ChangeWatch | undefined;

  constructor(parts: Parts, ending: Ending) {
    this.#parts = parts;
    this.#ending = ending;
    this.connection = new Changing(parts);
    this.watch = changeWatch(parts);
  }

  get transport(): Transport {
    return this.#parts.transport;
  }

  get input(): Input {
    return this.#parts.input;
  }

  get output(): Output {
    return this.#parts.output;
  }

  get dispatcher(): Dispatcher {
    return this.#parts.dispatcher;
  }

  get clock(): Clock {
    return this.#parts.clock;
  }

  get handshakeTimeout(): number {
    return this.#parts.limits.handshakeTimeout;
  }

  get state(): State {
    return this.#parts.standing.state;
  }

  move(transition: Transition): void {
    const { standing } = this.#parts;
    standing.move(transition);
    if (standing.state === "switched") this.#ending.handedOver();
  }

  fail(reason: Error): void {
    this.#ending.fail(reason);
  }
}

/** For the change itself. */
class Changing implements ChangingConnection {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get secure(): boolean {
    return this.#parts.standing.secure;
  }

  get quiescent(): boolean {
    return this.#parts.dispatcher.outstanding.size === 0 && !this.owesAnswers;
  }

  get owesAnswers(): boolean {
    const { dispatcher, output } = this.#parts;
    return dispatcher.incoming.inProgress > 0 || holdsAnswers(output);
  }

  get transport(): Transport {
    return this.#parts.transport;
  }

  get tlsDefaults(): TLSOptions {
    return this.#parts.options.tls ?? {};
  }

  secured(session: TLSSession): void {
    this.#parts.standing.secured(session);
  }
}

function changeWatch({ connection, options, standing }: Parts): ChangeWatch | undefined {
  const { observer } = options;
  if (observer === undefined) return undefined;
  return {
    started: (kind, side) => {
      const event = { connection, kind, side };
      observer.changeStarted(event);
      return event;
    },
    done: (event) => observer.changeDone(event, standing.tls),
    failed: (event, error) => observer.changeFailed(event, error),
  };
}
