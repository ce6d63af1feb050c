/** Listens to a transport, and remembers what it hears. */
import type { TransportReceiver } from "ampwire";

export class ReceiverProbe implements TransportReceiver {
  /** As they came, not copied: they are the receiver's. */
  readonly chunks: Uint8Array[] = [];
  /** What was heard beside bytes, in order; runs of bytes count once. */
  readonly heard: ("bytes" | "ended" | "drained" | "lost")[] = [];
  readonly reasons: (Error | undefined)[] = [];
  /** Called for every chunk: to do something in that very moment. */
  onReceived: () => void = () => {};
  #wake: (() => void)[] = [];

  received(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    if (this.heard.at(-1) !== "bytes") this.heard.push("bytes");
    this.onReceived();
    this.#notify();
  }

  ended(): void {
    this.heard.push("ended");
    this.#notify();
  }

  drained(): void {
    this.heard.push("drained");
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

  get length(): number {
    return this.chunks.reduce((sum, { length }) => sum + length, 0);
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

  async event(event: "ended" | "drained" | "lost"): Promise<void> {
    await this.until(() => this.heard.includes(event));
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
