/** What comes from the transport, and when boxes are read out of it. */
import { LimitExceeded, TLSRequired } from "../errors/caller.ts";
import { errorOf } from "../errors/thrown.ts";
import type { ChunkOwnership, TransportReceiver } from "../transport.ts";
import type { Frame } from "../wire/frame.ts";
import { plaintextForbids } from "./admission.ts";
import type { Ending } from "./ending.ts";
import type { InputGate } from "./input.ts";
import type { Parts } from "./parts.ts";

export class Reading implements InputGate, TransportReceiver {
  readonly #parts: Parts;
  readonly #ending: Ending;
  #peerEnded = false;

  constructor(parts: Parts, ending: Ending) {
    this.#parts = parts;
    this.#ending = ending;
  }

  /** The peer sends nothing any more. It may still read. */
  get peerEnded(): boolean {
    return this.#peerEnded;
  }

  received(chunk: Uint8Array, ownership: ChunkOwnership = "shared"): void {
    const { input, liveness, standing } = this.#parts;
    if (standing.state === "closed") return;
    liveness?.heard();
    input.push(chunk, ownership);
  }

  room(): Uint8Array | undefined {
    return this.#parts.input.room();
  }

  ended(): void {
    this.#peerEnded = true;
    this.#parts.input.read();
  }

  drained(): void {
    const { input, output } = this.#parts;
    output.drained();
    if (input.paused) input.read();
  }

  lost(reason: Error | undefined): void {
    this.#ending.lost(reason);
  }

  mayRead(): boolean {
    const { limits, output, standing } = this.#parts;
    if (standing.state === "closed") return true; // to see the peer's end; what comes is thrown away
    // What is held back leaves when the answer is read that it waits for: not to read would be to wait for ever.
    if (!this.mayListen()) return false;
    return output.untaken < limits.maxUnsentBytes;
  }

  /** We have no reason of our own not to read; the peer may have given us one. */
  mayListen(): boolean {
    const { dispatcher, driver, limits, standing } = this.#parts;
    if (!standing.rules.reads || !driver.reads) return false;
    return dispatcher.incoming.inProgress < limits.maxAsksInProgress;
  }

  receive(frame: Frame): void {
    const { dispatcher, limits, options, output } = this.#parts;
    if (output.held >= limits.maxUnsentBytes && asks(frame)) {
      throw new LimitExceeded(
        `the peer goes on asking while ${output.held} bytes are held back: the limit is maxUnsentBytes`,
      );
    }
    if (options.receiver === undefined) return dispatcher.receive(frame);
    if (plaintextForbids(this.#parts, undefined))
      throw new TLSRequired("a box came in plaintext: requireTLS lets none in");
    options.receiver.boxReceived(frame.toBox());
  }

  readEnough(everything: boolean): void {
    const { deadline, output, standing } = this.#parts;
    output.turnOver();
    deadline?.readEnough(everything);
    if (everything && this.#peerEnded && standing.state !== "closed") this.#ending.streamEnded();
    this.#ending.finish();
  }

  failed(error: unknown): void {
    this.#ending.fail(errorOf(error));
  }
}

function asks(frame: Frame): boolean {
  return frame.answer < 0 && frame.error < 0;
}
