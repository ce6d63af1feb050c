/** What the dispatcher sees of its connection. */
import type { AnyCommand } from "../command/command.ts";
import type { ConnectionContext } from "../dispatch/context.ts";
import type { ChangeAsk, Host } from "../dispatch/host.ts";
import { RemoteAmpError } from "../errors/peer.ts";
import { TLS_REQUIRED_ERROR_CODE } from "../errors/wire-codes.ts";
import type { Observer } from "../observer.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { plaintextForbids } from "./admission.ts";
import type { Ending } from "./ending.ts";
import type { Parts } from "./parts.ts";

export class ConnectionHost implements Host {
  readonly #parts: Parts;
  readonly #ending: Ending;
  readonly observer: Observer | undefined;
  readonly survivesUndeclaredErrors: boolean;

  constructor(parts: Parts, ending: Ending) {
    this.#parts = parts;
    this.#ending = ending;
    this.observer = parts.options.observer;
    this.survivesUndeclaredErrors = parts.options.closeOnUndeclaredError === false;
  }

  get out(): ByteWriter {
    return this.#parts.output.out;
  }

  written(): void {
    this.#parts.output.written();
  }

  get alive(): boolean {
    return this.#parts.standing.rules.output !== "dropped";
  }

  get context(): ConnectionContext {
    return this.#parts.standing.context;
  }

  refusal(command: AnyCommand | undefined): RemoteAmpError | undefined {
    return plaintextForbids(this.#parts, command)
      ? new RemoteAmpError(TLS_REQUIRED_ERROR_CODE, "this is not served in plaintext: start TLS first")
      : undefined;
  }

  report(error: unknown, command: string): void {
    const { connection, options } = this.#parts;
    options.observer?.errorReported(error, command, connection);
    try {
      options.onError?.(error, { command, connection });
    } catch (thrown) {
      // The program's own mistake: an unhandled rejection, as if it had been asynchronous. The connection goes on.
      void Promise.reject(thrown);
    }
  }

  quit(reason: Error): void {
    this.#ending.fail(reason);
  }

  changeAsked(ask: ChangeAsk): void {
    const { change } = ask.command;
    if (change !== undefined) this.#parts.driver.answer(ask, change);
  }

  /** Perhaps that is what reading, or closing, was waiting for. */
  finished(): void {
    const { input } = this.#parts;
    if (input.paused) input.read();
    this.#ending.finish();
  }
}
