/**
 * A socket that makes no memory for what it reads: it reads into one buffer, which all such sockets share, and lends it
 * for the moment; or into the room that the borrower has. Where nobody borrows, or while it is paused, it copies what it
 * has read and is a socket like any other.
 */
import { channel } from "node:diagnostics_channel";
import { type ConnectOpts, type NetConnectOpts, Socket, type SocketConstructorOpts } from "node:net";
import { Duplex } from "node:stream";
import type { TransportReceiver } from "../core/transport.ts";
import { insideOf } from "./node-internals.ts";

/** Elsewhere `onread` is not what it is on Node: on Deno it hangs. */
export const SOCKETS_SHARE_A_BUFFER = !("deno" in process.versions || "bun" in process.versions);

/** As much as Node reads at a time. One is enough: what is in it is done with before anything else is read. */
const shared = new Uint8Array(64 * 1024);
/** The part of it that was lent last. The next is often as long, and nothing need be made for it. */
let lent = shared;

function lentPart(length: number): Uint8Array {
  if (lent.length !== length) lent = new Uint8Array(shared.buffer, 0, length);
  return lent;
}

/** Bytes. Above them Node tells of each write that it has drained, to nobody here: it costs a tick. */
const QUIET = { writableHighWaterMark: 256 * 1024 };

const opened = channel("net.client.socket");

/** Who is given what was read. */
type Borrower = Pick<TransportReceiver, "received" | "room">;

export class SharedBufferSocket extends Socket {
  #borrower: Borrower | undefined;
  /** Where Node reads into. */
  #place: Uint8Array = shared;
  /** Not after a read that leaves the shared buffer unfilled: nothing more waits, and there is nothing to decide. */
  #mayMove = true;

  private constructor(options: SocketConstructorOpts) {
    let next = (): Uint8Array => shared; // Node asks for the first while it makes the socket
    super({
      ...QUIET,
      ...options,
      ...onread({ buffer: () => next(), callback: (length) => this.#read(length) }),
    });
    next = () => this.#next();
  }

  /** The same as `connect` of `node:net`. */
  static open(options: NetConnectOpts): SharedBufferSocket {
    const socket = new SharedBufferSocket(options);
    if (opened.hasSubscribers) opened.publish({ socket });
    if (options.timeout) socket.setTimeout(options.timeout);
    return socket.connect(options);
  }

  /**
   * Takes the place of an accepted socket that is paused. Node has the option for sockets that it opens, and for no
   * others; so this takes what is beneath the socket, which nobody may use any more. Where Node is not as it is known,
   * the socket itself is returned, and flows.
   */
  static adopt(socket: Socket): Socket {
    const inside = insideOf(socket);
    const { _handle: handle, _server, server } = inside;
    if (!SOCKETS_SHARE_A_BUFFER || !handle?.useUserBuffer || !_server) return socket.resume();
    inside._handle = null;
    const options = { handle, allowHalfOpen: socket.allowHalfOpen };
    const adopted = new SharedBufferSocket(options);
    Object.assign(insideOf(adopted), { _server, server });
    return adopted;
  }

  /**
   * Whoever borrows is given what would come as `data`, except what was read before it did, or while the socket was
   * paused. That still comes as `data`, and so does everything once nobody borrows.
   */
  lendTo(borrower: Borrower | undefined): void {
    this.#borrower = borrower;
  }

  /** @returns false to stop reading until the stream asks for more */
  #read(length: number): boolean {
    const isShared = this.#place === shared;
    const chunk = isShared ? lentPart(length) : this.#place.subarray(0, length);
    this.#mayMove = !isShared || length === shared.length;
    if (this.#borrower === undefined || !this.#flows) return this.push(Buffer.from(chunk));
    this.#borrower.received(chunk, isShared ? "borrowed" : "owned");
    return true;
  }

  /** Where Node reads next: it asks before the first read, and after each. */
  #next(): Uint8Array {
    if (this.#mayMove) this.#place = (this.#flows ? this.#borrower?.room?.() : undefined) ?? shared;
    return this.#place;
  }

  /** Whether what is read is for the borrower at once: what was read before, and has not been taken, comes first. */
  get #flows(): boolean {
    return this.readableFlowing === true && this.readableLength === 0;
  }

  // With `onread` those of a Socket know of no buffer behind them: they stop reading and start it at once, however much
  // has been read and not been taken.

  override pause(): this {
    return Duplex.prototype.pause.call(this) as this; // it returns what it is called on
  }

  override resume(): this {
    return Duplex.prototype.resume.call(this) as this; // the same
  }

  override read(size?: number): unknown {
    return Duplex.prototype.read.call(this, size);
  }
}

/** By a function: Node's types do not know the option where a socket is made. */
function onread(option: ConnectOpts["onread"]): ConnectOpts {
  return { onread: option };
}
