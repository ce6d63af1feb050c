/** A connection as a protocol change sees it. */
import type { ChangingConnection } from "../../command/protocol-change.ts";
import type { ChangingKernel } from "../../connection/feature.ts";
import type { TLSOptions, TLSSession, Transport } from "../../transport.ts";
import { queueHasAnswers } from "./queued-answers.ts";

export class KernelConnection implements ChangingConnection {
  readonly #kernel: ChangingKernel;

  constructor(kernel: ChangingKernel) {
    this.#kernel = kernel;
  }

  get secure(): boolean {
    return this.#kernel.secure;
  }

  get quiescent(): boolean {
    return this.#kernel.calls.pending.size === 0 && !this.owesAnswers;
  }

  get owesAnswers(): boolean {
    const { serving, outbox } = this.#kernel;
    return serving.inProgress > 0 || queueHasAnswers(outbox);
  }

  get transport(): Transport {
    return this.#kernel.transport;
  }

  tlsDefaults(): TLSOptions | Promise<TLSOptions> {
    const { connection, options } = this.#kernel;
    return typeof options.tls === "function" ? options.tls(connection) : options.tls || {};
  }

  get requireTLS(): boolean | "verified" {
    return this.#kernel.options.requireTLS ?? false;
  }

  /** Bytes that were received before may come from an attacker: what responders have stored about them is discarded. */
  secured(session: TLSSession): void {
    const kernel = this.#kernel;
    kernel.tls = session;
    kernel.plaintextRefused = undefined;
    kernel.serving.secured();
  }
}
