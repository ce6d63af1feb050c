/**
 * Bytes and descriptors through one UNIX socket: `sendmsg` and `recvmsg`, which never wait.
 *
 * The memory that the system reads from and writes to is one block for all sockets of a thread: each call is over
 * before the next begins. What is received is copied out of it.
 */
import { type Libc, libc, type NativeMemory, type SystemError } from "./libc.ts";

/** Bytes that one call takes or brings. */
const DATA_BYTES = 64 * 1024;
/** The system passes no more with one message. */
const MAX_DESCRIPTORS = 253;

// `struct msghdr`, `struct iovec` and `struct cmsghdr` of 64-bit Linux, little-endian.
const MSGHDR = { iov: 16, iovlen: 24, control: 32, controllen: 40, flags: 48, size: 56 };
const IOVEC = { base: 0, length: 8, size: 16 };
const CMSGHDR = { length: 0, level: 8, type: 12, size: 16 };
const CONTROL_BYTES = CMSGHDR.size + 4 * (MAX_DESCRIPTORS + 1);

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_CTRUNC = 0x8;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x4000_0000;
export const SHUT_WR = 1;

/** What came: no bytes at all are the end of the stream. The descriptors are open, and the caller's. */
export interface Received {
  readonly bytes: Buffer;
  readonly descriptors: readonly number[];
  /** The system has thrown descriptors away, for want of room in our table: those that come later would be miscounted. */
  readonly truncated: boolean;
}

let shared: ScmRights | undefined;

/** @throws DescriptorsNotAvailable */
export function scmRights(): ScmRights {
  shared ??= new ScmRights(libc());
  return shared;
}

export class ScmRights {
  readonly #libc: Libc;
  readonly #header: NativeMemory;
  readonly #control: NativeMemory;
  readonly #vector: NativeMemory;
  readonly #data: NativeMemory;

  constructor(system: Libc) {
    this.#libc = system;
    this.#header = system.allocate(MSGHDR.size);
    this.#control = system.allocate(CONTROL_BYTES);
    this.#vector = system.allocate(IOVEC.size);
    this.#data = system.allocate(DATA_BYTES);
    this.#header.bytes.fill(0);
    this.#header.bytes.writeBigUInt64LE(this.#vector.address, MSGHDR.iov);
    this.#header.bytes.writeBigUInt64LE(1n, MSGHDR.iovlen);
    this.#vector.bytes.writeBigUInt64LE(this.#data.address, IOVEC.base);
  }

  /**
   * Sends what the socket takes.
   * @param descriptor goes with the first byte, and with nothing else: so Twisted wants it
   * @returns how many bytes it took; 0 when it has no room now
   * @throws SystemError
   */
  send(fd: number, bytes: Uint8Array, descriptor?: number): number {
    const length = Math.min(bytes.length, descriptor === undefined ? DATA_BYTES : 1);
    this.#data.bytes.set(bytes.subarray(0, length));
    this.#prepare(length, descriptor === undefined ? 0 : CMSGHDR.size + 4);
    if (descriptor !== undefined) {
      const control = this.#control.bytes;
      control.writeBigUInt64LE(BigInt(CMSGHDR.size + 4), CMSGHDR.length);
      control.writeInt32LE(SOL_SOCKET, CMSGHDR.level);
      control.writeInt32LE(SCM_RIGHTS, CMSGHDR.type);
      control.writeInt32LE(descriptor, CMSGHDR.size);
    }
    return (
      this.#call("sendmsg", () =>
        this.#libc.sendmsg(fd, this.#header.address, MSG_DONTWAIT | MSG_NOSIGNAL),
      ) ?? 0
    );
  }

  /** @returns undefined when there is nothing now. @throws SystemError */
  receive(fd: number): Received | undefined {
    this.#prepare(DATA_BYTES, CONTROL_BYTES);
    const flags = MSG_DONTWAIT | MSG_CMSG_CLOEXEC;
    const length = this.#call("recvmsg", () => this.#libc.recvmsg(fd, this.#header.address, flags));
    if (length === undefined) return undefined;
    return {
      bytes: Buffer.from(this.#data.bytes.subarray(0, length)),
      descriptors: this.#receivedDescriptors(),
      truncated: (this.#header.bytes.readInt32LE(MSGHDR.flags) & MSG_CTRUNC) !== 0,
    };
  }

  #receivedDescriptors(): number[] {
    const control = this.#control.bytes;
    const end = Number(this.#header.bytes.readBigUInt64LE(MSGHDR.controllen));
    const descriptors: number[] = [];
    for (let at = 0; at + CMSGHDR.size <= end; ) {
      const length = Number(control.readBigUInt64LE(at + CMSGHDR.length));
      if (length < CMSGHDR.size) break;
      const level = control.readInt32LE(at + CMSGHDR.level);
      const type = control.readInt32LE(at + CMSGHDR.type);
      if (level === SOL_SOCKET && type === SCM_RIGHTS) {
        for (let one = at + CMSGHDR.size; one + 4 <= at + length; one += 4) {
          descriptors.push(control.readInt32LE(one));
        }
      }
      at += Math.ceil(length / 8) * 8;
    }
    return descriptors;
  }

  #prepare(dataBytes: number, controlBytes: number): void {
    const header = this.#header.bytes;
    this.#vector.bytes.writeBigUInt64LE(BigInt(dataBytes), IOVEC.length);
    header.writeBigUInt64LE(controlBytes === 0 ? 0n : this.#control.address, MSGHDR.control);
    header.writeBigUInt64LE(BigInt(controlBytes), MSGHDR.controllen);
    header.writeInt32LE(0, MSGHDR.flags);
  }

  /** @returns undefined when the call would have to wait */
  #call(name: string, call: () => number): number | undefined {
    for (;;) {
      const result = Number(call());
      if (result >= 0) return result;
      const error: SystemError = this.#libc.lastError(name);
      if (error.code === "EAGAIN") return undefined;
      if (error.code !== "EINTR") throw error;
    }
  }
}
