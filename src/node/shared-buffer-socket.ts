/**
 * A socket that allocates no memory for reads. All such sockets of a process read into one shared buffer, and the receiver
 * borrows it until `received` returns. If the receiver offers memory of its own, the socket reads into that. Without a
 * receiver, or while it is paused, the socket copies what it reads and emits `data` like any other socket.
 *
 * Two facts about Node explain the code. Node calls `onread`'s `buffer()` before the first read and after each read, to
 * learn where to read next. And one shared buffer of 64 KiB is enough, because that is Node's read size and each chunk is
 * processed before the next read.
 */
import { channel } from "node:diagnostics_channel";
import { type ConnectOpts, type NetConnectOpts, Socket, type SocketConstructorOpts } from "node:net";
import { Duplex } from "node:stream";
import type { TransportReceiver } from "../core/transport.ts";
import { socketInternals } from "./node-internals.ts";

/** True on Node. Other runtimes implement `onread` differently: on Deno such a socket hangs. */
export const SOCKETS_SHARE_A_BUFFER = !("deno" in process.versions || "bun" in process.versions);

const shared = new Uint8Array(64 * 1024);
/** The last view of the shared buffer, reused for the next chunk of the same length. */
let view = shared;

function sharedView(length: number): Uint8Array {
  if (view.length !== length) view = new Uint8Array(shared.buffer, 0, length);
  return view;
}

/** In bytes. After larger writes Node emits `drain`, which costs a tick and has no listener here. */
const HIGH_WATER_MARK = { writableHighWaterMark: 256 * 1024 };

const opened = channel("net.client.socket");

/** The receiver of what was read. */
type Borrower = Pick<TransportReceiver, "received" | "room">;

export class SharedBufferSocket extends Socket {
  #borrower: Borrower | undefined;
  /** The memory that Node reads into. */
  #target: Uint8Array = shared;
  /** False after a read that did not fill the shared buffer: no more data is waiting, so the target stays the same. */
  #mayMove = true;

  private constructor(options: SocketConstructorOpts) {
    let next = (): Uint8Array => shared; // Node calls it in its constructor, before `this` exists
    super({
      ...HIGH_WATER_MARK,
      ...options,
      ...onread({ buffer: () => next(), callback: (length) => this.#read(length) }),
    });
    next = () => this.#next();
  }

  /** Does the same as `connect` of `node:net`. */
  static open(options: NetConnectOpts): SharedBufferSocket {
    const socket = new SharedBufferSocket(options);
    if (opened.hasSubscribers) opened.publish({ socket });
    if (options.timeout) socket.setTimeout(options.timeout);
    return socket.connect(options);
  }

  /**
   * Replaces an accepted, paused socket. Node has the option `onread` only for sockets that it opens, so this takes over
   * the native handle. The given socket must not be used afterwards. If Node's internals are different from the known
   * ones, the given socket is resumed and returned.
   */
  static adopt(socket: Socket): Socket {
    const inside = socketInternals(socket);
    const { _handle: handle, _server, server } = inside;
    if (!SOCKETS_SHARE_A_BUFFER || !handle?.useUserBuffer || !_server) return socket.resume();
    inside._handle = null;
    const options = { handle, allowHalfOpen: socket.allowHalfOpen };
    const adopted = new SharedBufferSocket(options);
    Object.assign(socketInternals(adopted), { _server, server });
    return adopted;
  }

  /**
   * Passes chunks to `borrower.received` in place of `data` events. Chunks that were read earlier, or while the socket was
   * paused, still come as `data`. With undefined, all chunks come as `data` again.
   */
  lendTo(borrower: Borrower | undefined): void {
    this.#borrower = borrower;
  }

  /** @returns false to stop reading until the stream calls `_read` */
  #read(length: number): boolean {
    const isShared = this.#target === shared;
    const chunk = isShared ? sharedView(length) : this.#target.subarray(0, length);
    this.#mayMove = !isShared || length === shared.length;
    if (this.#borrower === undefined || !this.#flows) return this.push(Buffer.from(chunk));
    this.#borrower.received(chunk, isShared ? "borrowed" : "owned");
    return true;
  }

  #next(): Uint8Array {
    if (this.#mayMove) this.#target = (this.#flows ? this.#borrower?.room?.() : undefined) ?? shared;
    return this.#target;
  }

  /** True if the borrower can have the next chunk at once. Chunks in the stream's buffer come first. */
  get #flows(): boolean {
    return this.readableFlowing === true && this.readableLength === 0;
  }

  // With `onread`, Socket's own versions of these methods ignore the stream's buffer: they stop and start reading at once,
  // even if the buffer holds data that was not consumed.

  override pause(): this {
    return Duplex.prototype.pause.call(this) as this; // the method returns its receiver
  }

  override resume(): this {
    return Duplex.prototype.resume.call(this) as this; // the method returns its receiver
  }

  override read(size?: number): unknown {
    return Duplex.prototype.read.call(this, size);
  }
}

/** Exists for its type: Node's types lack `onread` in the options of the Socket constructor. */
function onread(option: ConnectOpts["onread"]): ConnectOpts {
  return { onread: option };
}
