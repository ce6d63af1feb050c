/**
 * The system calls that Node lacks, through the optional package koffi. It is loaded when a connection first uses
 * descriptors.
 *
 * Works on 64-bit Linux only, because descriptors are passed in memory with the layout of its `struct msghdr`.
 */
import nodeModule from "node:module";
import { getSystemErrorName } from "node:util";
import { DescriptorsNotAvailable } from "../../core/errors/caller.ts";
import { setImmediate } from "../real-timers.ts";
import { setRef } from "../set-ref.ts";

type Koffi = typeof import("koffi");

/** Memory outside the JavaScript heap, with an address for system calls. */
export interface NativeMemory {
  readonly address: bigint;
  readonly bytes: Buffer;
}

export interface Libc {
  readonly sendmsg: (fd: number, message: bigint, flags: number) => number;
  readonly recvmsg: (fd: number, message: bigint, flags: number) => number;
  readonly shutdown: (fd: number, how: number) => number;
  /** Used because `closeSync` of Node, in a worker thread, warns about each descriptor that `openSync` did not open. */
  readonly close: (fd: number) => number;
  /** Returns a copy of the descriptor with close-on-exec set. @throws SystemError */
  duplicate(fd: number): number;
  /** @throws SystemError */
  isUnixSocket(fd: number): boolean;
  /** Returns the process at the other end of a UNIX socket. @throws SystemError */
  peerCredentials(fd: number): { readonly uid: number; readonly gid: number; readonly pid: number };
  /** Returns the error of the last call that returned -1. */
  lastError(call: string): SystemError;
  allocate(size: number): NativeMemory;
  /** Calls `ready` whenever the descriptor is readable or writable, until the watch is closed. */
  watch(fd: number, ready: () => void): Watch;
}

export interface Watch {
  /** Sets the events to watch for. None are watched at first. */
  set(readable: boolean, writable: boolean): void;
  /** @param refs false: the watch does not keep the process running */
  setRef(refs: boolean): void;
  close(): void;
}

/** An error of a system call, in Node's format. */
export interface SystemError extends Error {
  /** `EAGAIN`, `EPIPE`, ... */
  readonly code: string;
}

const ARCHITECTURES = ["x64", "arm64", "riscv64", "loong64"];
const F_DUPFD_CLOEXEC = 1030;
const SOL_SOCKET = 1;
const SO_DOMAIN = 39;
const SO_PEERCRED = 17;
const AF_UNIX = 1;

let loaded: Libc | undefined;

/** @throws DescriptorsNotAvailable without koffi, or on a platform other than 64-bit Linux */
export function libc(): Libc {
  loaded ??= bind(load());
  return loaded;
}

function load(): Koffi {
  if (process.platform !== "linux" || !ARCHITECTURES.includes(process.arch)) {
    throw new DescriptorsNotAvailable(
      `descriptors need 64-bit Linux; this platform is ${process.platform} on ${process.arch}`,
    );
  }
  try {
    // A member call: webpack and Next.js follow a named import of createRequire, and warn about the optional package.
    return nodeModule.createRequire(import.meta.url)("koffi"); // untyped: the return type is that of the package's types
  } catch (cause) {
    throw new DescriptorsNotAvailable(
      "descriptors need the package koffi, which is not installed: run `npm install koffi`",
      { cause },
    );
  }
}

function bind(koffi: Koffi): Libc {
  if (typeof koffi.node?.poll !== "function") {
    throw new DescriptorsNotAvailable(
      `descriptors need koffi 3.3.4 or newer; version ${koffi.version} is installed`,
    );
  }
  const library = koffi.load(null); // the C library of the Node process
  const fcntl = library.func("int fcntl(int fd, int command, ...)");
  const getsockopt = library.func("int getsockopt(int fd, int level, int name, void *value, void *length)");

  function lastError(call: string): SystemError {
    const errno = koffi.errno();
    const code = getSystemErrorName(-errno);
    return Object.assign(new Error(`${call}: ${code}`), { code, errno: -errno, syscall: call });
  }

  return {
    sendmsg: library.func("intptr_t sendmsg(int fd, uintptr_t message, int flags)"),
    recvmsg: library.func("intptr_t recvmsg(int fd, uintptr_t message, int flags)"),
    shutdown: library.func("int shutdown(int fd, int how)"),
    close: library.func("int close(int fd)"),
    lastError,
    duplicate(fd) {
      const copy: number = fcntl(fd, F_DUPFD_CLOEXEC, "int", 0);
      if (copy < 0) throw lastError("fcntl");
      return copy;
    },
    isUnixSocket(fd) {
      const value = Buffer.alloc(4);
      const length = Buffer.from([4, 0, 0, 0]);
      if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, value, length) === 0) return value.readInt32LE() === AF_UNIX;
      const error = lastError("getsockopt");
      if (error.code === "ENOTSOCK") return false;
      throw error;
    },
    peerCredentials(fd) {
      const value = Buffer.alloc(12); // struct ucred
      if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, value, Buffer.from([12, 0, 0, 0])) !== 0)
        throw lastError("getsockopt");
      return { pid: value.readInt32LE(0), uid: value.readUInt32LE(4), gid: value.readUInt32LE(8) };
    },
    allocate(size) {
      const pointer = koffi.alloc("uint8_t", size);
      return { address: koffi.address(pointer), bytes: Buffer.from(koffi.view(pointer, size)) };
    },
    watch(fd, ready) {
      let closed = false;
      // Koffi calls back from the event loop, but outside Node's callback scope: reactions of promises settled there would
      // not run until the next callback of Node. The immediate is such a callback, and runs next.
      const called = () => {
        setImmediate(() => {
          if (!closed) ready();
        });
      };
      // Node's event loop watches the descriptor, without a thread.
      const handle = koffi.node.poll(fd, { readable: false, writable: false }, called);
      handle.stop();
      return {
        set(readable, writable) {
          if (readable || writable) handle.start({ readable, writable }, called);
          else handle.stop();
        },
        setRef: (refs) => setRef(handle, refs),
        close() {
          closed = true;
          handle.close();
        },
      };
    },
  };
}
