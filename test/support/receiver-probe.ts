/** Listens to a transport, and remembers what it hears. */
import type { ChunkOwnership, TransportReceiver } from "ampwire";

export class ReceiverProbe implements TransportReceiver {
  /** As they came, copied only where they were lent: else they are the receiver's. */
  readonly chunks: Uint8Array[] = [];
  /** What was heard, in order; runs of bytes count once, and `drained` only where it may not come. */
  readonly heard: ("bytes" | "ended" | "lost" | "drained after lost")[] = [];
  /** How often everything has been sent after it was not. */
  drains = 0;
  /** Bytes that came. */
  length = 0;
  readonly reasons: (Error | undefined)[] = [];
  /** Called for every chunk: to do something in that very moment. */
  onReceived: () => void = () => {};
  /** Where it would have the next bytes. */
  room: () => Uint8Array | undefined = () => undefined;
  #wake: (() => void)[] = [];

  received(chunk: Uint8Array, ownership?: ChunkOwnership): void {
    this.chunks.push(ownership === "borrowed" ? chunk.slice() : chunk);
    this.length += chunk.length;
    if (this.heard.at(-1) !== "bytes") this.heard.push("bytes");
    this.onReceived();
    this.#notify();
  }

  ended(): void {
    this.heard.push("ended");
    this.#notify();
  }

  drained(): void {
    this.drains++;
    if (this.heard.includes("lost")) this.heard.push("drained after lost");
    this.#notify();
  }

  lost(reason?: Error): void {
    this.heard.push("lost");
    this.reasons.push(reason);
    this.#notify();
  }

  get all(): Buffer {
    return Buffer.concat(this.chunks);
  }

  /** Until something holds of what was heard. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  /** Until so many bytes have come, and all of them. */
  async bytes(length: number): Promise<Buffer> {
    await this.until(() => this.length >= length);
    return this.all;
  }

  async event(event: "ended" | "lost"): Promise<void> {
    await this.until(() => this.heard.includes(event));
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
