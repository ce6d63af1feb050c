/**
 * The file descriptors of one connection. Each direction numbers its descriptors from 0, and a box refers to a descriptor
 * by this number.
 *
 * Ownership: the channel sends a copy of the program's descriptor, and closes the copy after sending. The channel owns a
 * received descriptor until a box claims it; then the program owns it.
 */
import type { SideChannel } from "../../core/schema/spread-fields.ts";
import { libc } from "./libc.ts";

/** Queues of the descriptors that one connection sends and receives. */
export class DescriptorChannel implements SideChannel {
  readonly #outgoing: number[] = [];
  #nextOutgoing = 0;
  #incoming = new Map<number, number>();
  #nextIncoming = 0;
  #closed = false;

  /**
   * Queues a copy of a descriptor. It is sent with the bytes that are written next.
   * @returns the number of the descriptor in boxes
   * @throws Error if the descriptor or the connection is not open, or if the process has no file descriptor left
   */
  send(fd: number): number {
    if (this.#closed) throw new Error("the connection is closed");
    this.#outgoing.push(libc().duplicate(fd));
    return this.#nextOutgoing++;
  }

  /** The next descriptor to send. */
  get next(): number | undefined {
    return this.#outgoing[0];
  }

  /** Removes and closes the copy that was sent. */
  sent(): void {
    const fd = this.#outgoing.shift();
    if (fd !== undefined) libc().close(fd);
  }

  /** Adds a received descriptor. The channel owns it until a box claims it. */
  received(fd: number): void {
    this.#incoming.set(this.#nextIncoming++, fd);
  }

  /** Number of received descriptors that no box has claimed. */
  get unclaimed(): number {
    return this.#incoming.size;
  }

  /** Returns a received descriptor for the caller to close, or undefined if no descriptor has this number. */
  take(ordinal: number): number | undefined {
    const fd = this.#incoming.get(ordinal);
    this.#incoming.delete(ordinal);
    return fd;
  }

  checkpoint(): () => void {
    const sent = this.#outgoing.length;
    const received = new Map(this.#incoming);
    return () => {
      for (const fd of this.#outgoing.splice(sent)) {
        libc().close(fd);
        this.#nextOutgoing--;
      }
      this.#incoming = received;
    };
  }

  /** Closes all descriptors that the channel owns. */
  close(): void {
    this.#closed = true;
    for (const fd of [...this.#outgoing, ...this.#incoming.values()]) libc().close(fd);
    this.#outgoing.length = 0;
    this.#incoming.clear();
  }
}
