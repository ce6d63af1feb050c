/**
 * A stream over a UNIX socket that carries file descriptors with the bytes.
 *
 * Node's sockets read with `read`, which loses the descriptors. This stream calls `recvmsg` and `sendmsg` itself, on a
 * descriptor of its own.
 */
import { Duplex } from "node:stream";
import { ProtocolError } from "../../core/errors/peer.ts";
import { toError } from "../../core/errors/to-error.ts";
import { DescriptorChannel } from "./descriptor-channel.ts";
import { libc, type Watch } from "./libc.ts";
import { SHUT_WR, scmRights } from "./scm-rights.ts";

/** Maximum number of consecutive reads before other callbacks of the event loop run. */
const READS = 16;

interface Write {
  readonly bytes: Uint8Array;
  readonly done: (error?: Error | null) => void;
}

export class DescriptorStream extends Duplex {
  readonly descriptors = new DescriptorChannel();
  readonly #fd: number;
  readonly #maxWaiting: number;
  readonly #watch: Watch;
  #reads = false;
  /** The events that are watched now, to avoid a system call if nothing changes. */
  #watched = { reads: false, writes: false };
  #write: Write | undefined;
  /** Bytes that the system has taken. */
  taken = 0;

  /**
   * @param fd owned and closed by the stream, also on failure
   * @param maxWaiting limit of received descriptors that no box has claimed; more destroy the stream
   */
  constructor(fd: number, maxWaiting: number) {
    super();
    this.#fd = fd;
    this.#maxWaiting = maxWaiting;
    this.#watch = libc().watch(fd, () => this.#ready());
  }

  get fd(): number {
    return this.#fd;
  }

  /** @param refs false: the stream does not keep the process running */
  setRef(refs: boolean): void {
    if (!this.destroyed) this.#watch.setRef(refs);
  }

  override _read(): void {
    this.#reads = true;
    this.#rewatch();
  }

  override _write(bytes: Uint8Array, _encoding: BufferEncoding, done: Write["done"]): void {
    this.#write = { bytes, done };
    this.#flush();
    this.#rewatch();
  }

  override _final(done: (error?: Error | null) => void): void {
    libc().shutdown(this.#fd, SHUT_WR); // fails only if the peer has gone, and the next read reports that
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#watch.close();
    libc().close(this.#fd);
    this.descriptors.close();
    done(error);
  }

  #rewatch(): void {
    const writes = this.#write !== undefined;
    if (this.destroyed || (this.#reads === this.#watched.reads && writes === this.#watched.writes)) return;
    this.#watched = { reads: this.#reads, writes };
    this.#watch.set(this.#reads, writes);
  }

  #ready(): void {
    if (this.#write !== undefined) this.#flush();
    if (this.#reads && !this.destroyed) this.#fill();
    this.#rewatch();
  }

  /** Writes as much as the socket accepts. Descriptors go first: each may arrive before its box, but not after it. */
  #flush(): void {
    while (this.#write !== undefined && !this.destroyed) {
      const { bytes, done } = this.#write;
      const descriptor = bytes.length > 0 ? this.descriptors.next : undefined;
      let taken = 0;
      try {
        if (bytes.length > 0) taken = scmRights().send(this.#fd, bytes, descriptor);
      } catch (error) {
        this.#write = undefined;
        return done(toError(error));
      }
      this.taken += taken;
      if (taken === 0 && bytes.length > 0) return;
      if (descriptor !== undefined) this.descriptors.sent();
      if (taken < bytes.length) {
        this.#write = { bytes: bytes.subarray(taken), done };
      } else {
        this.#write = undefined;
        done(); // may start the next write
      }
    }
  }

  #fill(): void {
    try {
      for (let i = 0; i < READS && this.#reads; i++) {
        const received = scmRights().receive(this.#fd);
        if (received === undefined) return;
        const { bytes, descriptors, truncated } = received;
        for (const fd of descriptors) this.descriptors.received(fd);
        if (truncated)
          throw new ProtocolError(
            "received descriptors were lost: this process has too many open files; raise its limit (ulimit -n)",
          );
        if (this.descriptors.unclaimed > this.#maxWaiting) {
          throw new ProtocolError(
            `the peer sent ${this.descriptors.unclaimed} descriptors that no box has claimed; the limit is ${this.#maxWaiting}`,
          );
        }
        this.#reads = bytes.length > 0 && this.push(bytes);
        if (bytes.length === 0) this.push(null);
      }
    } catch (error) {
      this.destroy(toError(error));
    }
  }
}
