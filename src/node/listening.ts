/** The start of a server: at an address, at a UNIX socket that may be stale, or at a socket that the process inherited. */

import { once } from "node:events";
import { type BigIntStats, chmodSync, existsSync, lstatSync, unlinkSync } from "node:fs";
import { connect, type ListenOptions as NetListenOptions, type Server } from "node:net";
import { dirname } from "node:path";
import { isMainThread } from "node:worker_threads";
import { withCaller } from "../core/calls/rejection.ts";
import { isError } from "../core/errors/to-error.ts";
import { shownValue } from "../core/wire/value-text.ts";
import { NET_LISTEN_OPTIONS, pick } from "./option-names.ts";
import { delay } from "./real-timers.ts";
import { isAbstract } from "./socket-address.ts";

/** Where a server listens. */
export interface ListenAddress extends Pick<NetListenOptions, (typeof NET_LISTEN_OPTIONS)[number]> {
  /**
   * File descriptor of a socket that listens already, or `"systemd"` for the socket that systemd has passed (`LISTEN_FDS`).
   * Replaces `port`, `host` and `path`.
   */
  readonly fd?: number | "systemd" | undefined;
  /**
   * Let several processes listen at the same port; the system distributes the connections. Needs Node 23.1 or 22.12, and Linux
   * or a BSD. Default false.
   */
  readonly reusePort?: boolean | undefined;
  /** Replace the file of a UNIX socket at which no process listens any more. Default true. */
  readonly unlinkStale?: boolean | undefined;
  /** Permissions of the file of a UNIX socket, for example `0o600`. Default: those that the umask of the process leaves. */
  readonly mode?: number | undefined;
}

/** Code of the error of a connection to a UNIX socket at which no process listens. */
const NOBODY_LISTENS = "ECONNREFUSED";

/** The first descriptor that systemd passes: SD_LISTEN_FDS_START. */
const FIRST_PASSED = 3;

/** Nanoseconds in which a process of the same cluster may have bound a file, and does not listen yet. */
const YOUNG_NS = 1_000_000_000n;
/** Milliseconds between two looks at such a file. */
const LOOK_MS = 20;

/** Options that Node ignores at the other kinds of address, and the kinds at which they have an effect. */
const EFFECTIVE_WITH = {
  reusePort: ["port"],
  ipv6Only: ["port"],
  readableAll: ["path"],
  writableAll: ["path"],
  exclusive: ["port", "path"],
} as const;

/**
 * Checks the address before anything is opened.
 * @throws TypeError, RangeError
 */
export function checkListenAddress(address: ListenAddress): void {
  const { fd, path, port, host, reusePort, mode } = address;
  if (fd !== undefined) {
    if (path !== undefined || port !== undefined || host !== undefined)
      throw new TypeError("the option fd replaces port, host and path: set only one of them");
    if (fd !== "systemd" && !(Number.isInteger(fd) && fd >= 0))
      throw new RangeError(`fd must be a file descriptor or "systemd", not ${shownValue(fd)}`);
  }
  if (mode !== undefined) {
    if (path === undefined || isAbstract(path))
      throw new TypeError("the option mode needs `path`: only the file of a UNIX socket has one");
    if (!(Number.isInteger(mode) && mode >= 0 && mode <= 0o777))
      throw new RangeError(`mode must be permissions from 0 to 0o777, not ${shownValue(mode)}`);
  }
  const kind = kindOf(address);
  for (const name of ["reusePort", "ipv6Only", "readableAll", "writableAll", "exclusive"] as const) {
    const kinds: readonly string[] = EFFECTIVE_WITH[name];
    if (address[name] === true && kind !== undefined && !kinds.includes(kind))
      throw new TypeError(
        `the option ${name} has no effect with \`${kind}\`: it needs ${kinds.join(" or ")}`,
      );
  }
  if (reusePort === true && !supportsReusePort())
    throw new TypeError(`reusePort needs Node 22.12 or 23.1 or newer; this is ${process.version}`);
}

function kindOf({ fd, path, port }: ListenAddress): "fd" | "path" | "port" | undefined {
  if (fd !== undefined) return "fd";
  if (path !== undefined) return "path";
  return port === undefined ? undefined : "port"; // Node refuses an address without any of them
}

/**
 * Makes a server listen.
 * @throws Node's error if the address is not available; for a UNIX socket the message says if a process listens there
 */
export async function startListening(server: Server, address: ListenAddress): Promise<void> {
  const { path, unlinkStale = true, mode } = address;
  if (path !== undefined && !isAbstract(path) && unlinkStale && (await isClusterWorker()))
    await clearPlace(path);
  try {
    await begin(server, address);
  } catch (error) {
    if (path === undefined || isAbstract(path)) throw withCaller(explainedFd(error, address.fd), {});
    const folder = dirname(path);
    // Node reports a missing folder as EACCES, which is a folder without permission.
    if (codeOf(error) === "EACCES" && !existsSync(folder))
      throw explained(error, path, `the folder ${folder} does not exist: create it`);
    if (codeOf(error) !== "EADDRINUSE") throw withCaller(error, {});
    const file = fileAt(path);
    const refusal = await refusalOf(file, path);
    if (refusal !== NOBODY_LISTENS || !unlinkStale) throw explained(error, path, whyInUse(file, refusal));
    removeStale(path, file);
    await begin(server, address);
  }
  if (path !== undefined && mode !== undefined) setMode(server, path, mode);
}

async function isClusterWorker(): Promise<boolean> {
  const { default: cluster } = await import("node:cluster"); // here, because clients do not need it
  return cluster.isWorker;
}

/**
 * Removes a stale file before a worker of a cluster listens. The workers start together, and the first process of the cluster
 * shares the socket with those that ask once for the same address: a second attempt of one worker counts as another address.
 */
async function clearPlace(path: string): Promise<void> {
  for (;;) {
    const file = fileAt(path);
    if ((await refusalOf(file, path)) !== NOBODY_LISTENS) return;
    if (!isYoung(file)) return removeStale(path, file);
    await delay(LOOK_MS); // another worker may have bound the file, and listens in a moment
  }
}

function fileAt(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

function isYoung(file: BigIntStats | undefined): boolean {
  if (file === undefined) return false;
  const age = BigInt(Date.now()) * 1_000_000n - file.ctimeNs;
  return -YOUNG_NS < age && age < YOUNG_NS; // after a change of the system's time it may be negative
}

/** Compares the time too: some file systems give the number of a removed file to the next one. */
function isSame(one: BigIntStats | undefined, other: BigIntStats | undefined): boolean {
  return one?.ino === other?.ino && one?.ctimeNs === other?.ctimeNs;
}

/** Removes the file, unless another process has replaced it meanwhile: that process listens. */
function removeStale(path: string, file: BigIntStats | undefined): void {
  try {
    if (isSame(file, fileAt(path))) unlinkSync(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return; // another process has removed it
    throw explained(error, path, "no process listens there, but the file cannot be removed: remove it");
  }
}

function setMode(server: Server, path: string, mode: number): void {
  try {
    chmodSync(path, mode);
  } catch (error) {
    server.close(); // the caller gets no server that it could close
    throw explained(error, path, "the permissions of the file cannot be set");
  }
}

async function begin(server: Server, address: ListenAddress): Promise<void> {
  const { fd, mode } = address;
  const listening = once(server, "listening");
  // With a mode, no other user may connect before the permissions are set. A worker thread cannot set the umask.
  const umask = mode === undefined || !isMainThread ? undefined : process.umask(0o177);
  try {
    if (fd === undefined) server.listen(pick(address, [...NET_LISTEN_OPTIONS, "reusePort"]));
    // Node reads the backlog of a descriptor from its second argument only.
    else server.listen({ fd: fd === "systemd" ? passedSocket() : fd }, address.backlog);
  } finally {
    if (umask !== undefined) process.umask(umask);
  }
  await listening;
}

/**
 * Connects to the socket at the path. Returns the code of the error; undefined if a process accepts the connection, and for a
 * file that is not a socket.
 */
async function refusalOf(file: BigIntStats | undefined, path: string): Promise<unknown> {
  if (!file?.isSocket()) return undefined;
  return await new Promise((resolve) => {
    const probe = connect(path);
    const done = (code: unknown) => {
      probe.destroy();
      resolve(code);
    };
    probe.on("connect", () => done(undefined));
    probe.on("error", (error) => done(codeOf(error)));
  });
}

/** @param refusal as {@link refusalOf} returns it. Any error but ECONNREFUSED may come from a listening process. */
function whyInUse(file: BigIntStats | undefined, refusal: unknown): string {
  if (file?.isSymbolicLink())
    return "the file is a symbolic link: remove it, or use the path to which it points";
  if (!file?.isSocket()) return "the file is not a socket: remove it, or use another path";
  if (refusal === NOBODY_LISTENS) return "no process listens there: remove the file, or set unlinkStale";
  // EAGAIN: the queue of a listening process is full.
  if (refusal === undefined || refusal === "EAGAIN")
    return "a process listens there: stop it, or use another path";
  return `a process may listen there, but this process cannot connect to it (${refusal}): use another path`;
}

function explained(error: unknown, path: string, why: string): Error {
  const { code, errno, syscall } = error as NodeJS.ErrnoException; // an error of Node's server
  const message = `cannot listen at ${path}: ${code}, ${why}`;
  return Object.assign(new Error(message, { cause: error }), { code, errno, syscall, address: path });
}

/** Explains the error of a descriptor that is not a listening socket. Returns other errors unchanged. */
function explainedFd(error: unknown, fd: ListenAddress["fd"]): unknown {
  if (fd === undefined || codeOf(error) !== "EINVAL") return error;
  return explained(error, `the descriptor ${fd}`, "it is not a socket that listens");
}

function codeOf(error: unknown): unknown {
  return isError(error) && "code" in error ? error.code : undefined;
}

/**
 * Returns the socket that systemd has passed to this process.
 * @throws Error if systemd has passed none, or several
 */
function passedSocket(): number {
  const { LISTEN_PID, LISTEN_FDS } = process.env;
  const count = Number(LISTEN_FDS);
  if (!(count >= 1))
    throw new Error(
      "systemd has passed no socket: LISTEN_FDS is not set; start the program with a .socket unit",
    );
  if (LISTEN_PID !== String(process.pid))
    throw new Error(
      `systemd has passed its sockets to process ${LISTEN_PID}, and this is ${process.pid}: ExecStart must start node directly`,
    );
  if (count > 1)
    throw new Error(
      `systemd has passed ${count} sockets: set fd to one of ${FIRST_PASSED} to ${FIRST_PASSED + count - 1}`,
    );
  return FIRST_PASSED;
}

function supportsReusePort(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
}
