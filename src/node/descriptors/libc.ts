/**
 * The few calls of the system that Node does not have, through koffi: an optional package, looked for when somebody
 * wants descriptors and not before.
 *
 * Descriptors are passed in memory laid out as 64-bit Linux has it (`struct msghdr`), so that is where this works.
 */
import { createRequire } from "node:module";
import { getSystemErrorName } from "node:util";
import { DescriptorsNotAvailable } from "../../core/errors/caller.ts";

type Koffi = typeof import("koffi");

/** Memory outside of JavaScript, at an address that the system can be told. */
export interface NativeMemory {
  readonly address: bigint;
  readonly bytes: Buffer;
}

export interface Libc {
  readonly sendmsg: (fd: number, message: bigint, flags: number) => number;
  readonly recvmsg: (fd: number, message: bigint, flags: number) => number;
  readonly shutdown: (fd: number, how: number) => number;
  /** Node's own `closeSync` warns, in a worker thread, of every descriptor that `openSync` has not opened there. */
  readonly close: (fd: number) => number;
  /** A descriptor for the same file, closed when the process becomes another one. @throws SystemError */
  duplicate(fd: number): number;
  /** @throws SystemError */
  isUnixSocket(fd: number): boolean;
  /** What the last call that returned -1 has failed with. */
  lastError(call: string): SystemError;
  allocate(size: number): NativeMemory;
  /** Calls back whenever the descriptor can be read or written, until it is closed. */
  watch(fd: number, ready: () => void): Watch;
}

export interface Watch {
  /** What to call back for; nothing at first. */
  set(readable: boolean, writable: boolean): void;
  close(): void;
}

/** An error of the system, as Node has them. */
export interface SystemError extends Error {
  /** `EAGAIN`, `EPIPE`, ... */
  readonly code: string;
}

const ARCHITECTURES = ["x64", "arm64", "riscv64", "loong64"];
const F_DUPFD_CLOEXEC = 1030;
const SOL_SOCKET = 1;
const SO_DOMAIN = 39;
const AF_UNIX = 1;

let loaded: Libc | undefined;

/** @throws DescriptorsNotAvailable where there is no koffi, or no Linux */
export function libc(): Libc {
  loaded ??= bind(load());
  return loaded;
}

function load(): Koffi {
  if (process.platform !== "linux" || !ARCHITECTURES.includes(process.arch)) {
    throw new DescriptorsNotAvailable(
      `descriptors can be sent and received on 64-bit Linux, and this is ${process.platform} on ${process.arch}`,
    );
  }
  try {
    return createRequire(import.meta.url)("koffi"); // its types are what the compiler finds under the same name
  } catch (cause) {
    throw new DescriptorsNotAvailable(
      "descriptors need the package koffi, which is not here: `npm install koffi` adds it",
      { cause },
    );
  }
}

function bind(koffi: Koffi): Libc {
  if (typeof koffi.node?.poll !== "function") {
    throw new DescriptorsNotAvailable(`descriptors need koffi 3.3.4 or newer, and this is ${koffi.version}`);
  }
  const library = koffi.load(null); // the C library that Node itself runs on
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
    allocate(size) {
      const pointer = koffi.alloc("uint8_t", size);
      return { address: koffi.address(pointer), bytes: Buffer.from(koffi.view(pointer, size)) };
    },
    watch(fd, ready) {
      let closed = false;
      // Koffi calls back from the event loop, but outside of what Node does around its own callbacks: promises that
      // are settled in there would stay where they are until something else happens. Immediates come next anyway.
      const called = () => {
        setImmediate(() => {
          if (!closed) ready();
        });
      };
      // The event loop that Node runs on watches it: no thread waits.
      const handle = koffi.node.poll(fd, { readable: false, writable: false }, called);
      handle.stop();
      return {
        set(readable, writable) {
          if (readable || writable) handle.start({ readable, writable }, called);
          else handle.stop();
        },
        close() {
          closed = true;
          handle.close();
        },
      };
    },
  };
}
