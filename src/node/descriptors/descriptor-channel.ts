/**
 * The descriptors of one connection, in both directions. They are counted from 0 in each; what goes over in a box is
 * the count.
 *
 * Ownership: what is sent is a copy of the program's descriptor, ours until it is on its way. What is received is ours
 * until a box claims it; then it is the program's.
 */
import type { SideChannel } from "../../core/schema/spread-fields.ts";
import { libc } from "./libc.ts";

/** Sends and receives the descriptors of one connection. */
export class DescriptorChannel implements SideChannel {
  readonly #outgoing: number[] = [];
  #nextOutgoing = 0;
  #incoming = new Map<number, number>();
  #nextIncoming = 0;
  #closed = false;

  /**
   * Has a copy of a descriptor sent with the bytes that are written next.
   * @returns what the peer will know it by
   * @throws Error when it is not open, or when the process has no room for the copy
   */
  send(fd: number): number {
    if (this.#closed) throw new Error("the connection is closed");
    this.#outgoing.push(libc().duplicate(fd));
    return this.#nextOutgoing++;
  }

  /** The next to be sent. */
  get next(): number | undefined {
    return this.#outgoing[0];
  }

  /** It is on its way. */
  sent(): void {
    const fd = this.#outgoing.shift();
    if (fd !== undefined) libc().close(fd);
  }

  /** One has come. It is ours until a box claims it. */
  received(fd: number): void {
    this.#incoming.set(this.#nextIncoming++, fd);
  }

  /** How many were received and not claimed. */
  get unclaimed(): number {
    return this.#incoming.size;
  }

  /** Claims a received descriptor: closing it is now the caller's. Undefined where there is none of this number. */
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

  /** Closes whatever is still ours. */
  close(): void {
    this.#closed = true;
    for (const fd of [...this.#outgoing, ...this.#incoming.values()]) libc().close(fd);
    this.#outgoing.length = 0;
    this.#incoming.clear();
  }
}
