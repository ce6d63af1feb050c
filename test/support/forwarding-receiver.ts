/** A receiver that forwards every call, for receivers that change one method. */
import type { ChunkOwnership, TransportReceiver } from "ampwire";

export class ForwardingReceiver implements TransportReceiver {
  readonly #receiver: TransportReceiver;

  constructor(receiver: TransportReceiver) {
    this.#receiver = receiver;
  }

  received(chunk: Uint8Array, ownership?: ChunkOwnership): void {
    this.#receiver.received(chunk, ownership);
  }

  room(): Uint8Array | undefined {
    return this.#receiver.room?.();
  }

  ended(): void {
    this.#receiver.ended();
  }

  drained(): void {
    this.#receiver.drained();
  }

  lost(reason?: Error): void {
    this.#receiver.lost(reason);
  }
}
