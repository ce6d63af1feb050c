/**
 * Bytes and file descriptors over a UNIX socket (`SCM_RIGHTS`): `sendmsg` and `recvmsg` in non-blocking mode.
 *
 * All sockets of a thread share one block of native memory, because the calls are synchronous. Received bytes are copied
 * out of the block.
 */
import { type Libc, libc, type NativeMemory, type SystemError } from "./libc.ts";

/** Maximum number of bytes that one call sends or receives. */
const DATA_BYTES = 64 * 1024;
/** Linux's limit of descriptors in one message (`SCM_MAX_FD`). */
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

/** A received message. Empty `bytes` mean the end of the stream. The caller must close the descriptors. */
export interface Received {
  readonly bytes: Buffer;
  readonly descriptors: readonly number[];
  /** True if Linux dropped descriptors because the process has too many open files. Later numbers would be wrong. */
  readonly truncated: boolean;
}

let shared: ScmRights | undefined;

/** Returns the instance of this thread. @throws DescriptorsNotAvailable */
export function scmRights(): ScmRights {
  shared ??= new ScmRights(libc());
  return shared;
}

/** Sends and receives messages with descriptors. */
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
   * Sends as many bytes as the socket accepts.
   * @param descriptor sent with the first byte alone, in a message of its own: Twisted requires it
   * @returns the number of bytes sent; 0 if the socket's buffer is full
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

  /** Receives one message. @returns undefined if no data is available. @throws SystemError */
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

  /** @returns undefined if the call would block */
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
