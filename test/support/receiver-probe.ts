/** A transport receiver that records the calls of its methods. */
import type { ChunkOwnership, TransportReceiver } from "ampwire";
import { within } from "./within.ts";

export class ReceiverProbe implements TransportReceiver {
  /** The received chunks. Borrowed ones are copied; the receiver may keep the others. */
  readonly chunks: Uint8Array[] = [];
  /** The calls in order. Consecutive chunks count once, and `drained` only if it must not be called. */
  readonly heard: ("bytes" | "ended" | "lost" | "drained after lost")[] = [];
  /** Number of calls of `drained`. */
  drains = 0;
  /** Number of received bytes. */
  length = 0;
  readonly reasons: (Error | undefined)[] = [];
  /** Called for every chunk, during `received`. */
  onReceived: () => void = () => {};
  /** The memory that the receiver offers for the next bytes. */
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

  /**
   * Resolves when a condition on the recorded calls is true.
   * @param what name of the condition, for the error if it never becomes true
   */
  async until(holds: () => boolean, what = "a call of the receiver"): Promise<void> {
    while (!holds()) {
      const next = new Promise<void>((resolve) => this.#wake.push(resolve));
      await within(next, () => `${what}, after ${this.length} bytes and the calls [${this.heard}]`);
    }
  }

  /** Resolves with all received bytes once there are this many. */
  async bytes(length: number): Promise<Buffer> {
    await this.until(() => this.length >= length, `${length} bytes`);
    return this.all;
  }

  async event(event: "ended" | "lost"): Promise<void> {
    await this.until(() => this.heard.includes(event), event);
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
