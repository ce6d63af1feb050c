/** What telling life from death sees of its connection, and does to it. */
import { plaintextForbids } from "./admission.ts";
import type { Ending } from "./ending.ts";
import type { LivenessGate } from "./liveness.ts";
import type { Parts } from "./parts.ts";
import type { Reading } from "./reading.ts";

export class ConnectionLiveness implements LivenessGate {
  readonly #parts: Parts;
  readonly #ending: Ending;
  readonly #reading: Reading;

  constructor(parts: Parts, ending: Ending, reading: Reading) {
    this.#parts = parts;
    this.#ending = ending;
    this.#reading = reading;
  }

  get listening(): boolean {
    return this.#reading.mayListen();
  }

  get mayAsk(): boolean {
    if (this.#parts.standing.rules.output !== "sent" || this.#reading.peerEnded) return false;
    return !plaintextForbids(this.#parts, undefined);
  }

  get unsent(): number {
    return this.#parts.transport.unsent;
  }

  ask(command: string): void {
    this.#parts.dispatcher.askIdly(command);
  }

  idle(reason: Error): void {
    this.#ending.fail(reason);
  }

  dead(reason: Error): void {
    this.#ending.destroy(reason);
  }
}
