/** What a protocol change sees of its connection. */
import type { ChangingConnection } from "../../command/protocol-change.ts";
import type { Kernel } from "../../connection/kernel.ts";
import type { TLSOptions, TLSSession, Transport } from "../../transport.ts";
import { holdsAnswers } from "./held-answers.ts";

/** For the change itself. */
export class Changing implements ChangingConnection {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  get secure(): boolean {
    return this.#kernel.secure;
  }

  get quiescent(): boolean {
    return this.#kernel.dispatcher.outstanding.size === 0 && !this.owesAnswers;
  }

  get owesAnswers(): boolean {
    const { dispatcher, outbox: output } = this.#kernel;
    return dispatcher.incoming.inProgress > 0 || holdsAnswers(output);
  }

  get transport(): Transport {
    return this.#kernel.transport;
  }

  get tlsDefaults(): TLSOptions {
    return this.#kernel.options.tls ?? {};
  }

  secured(session: TLSSession): void {
    this.#kernel.secured(session);
  }
}
