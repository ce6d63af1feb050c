/**
 * A socket that makes no memory for what it reads: it reads into one buffer, which all such sockets share, and lends it
 * for the moment. Where nobody borrows, or while it is paused, it copies what it has read and is a socket like any other.
 */
import { type ConnectOpts, type NetConnectOpts, Socket, type SocketConstructorOpts } from "node:net";
import { Duplex } from "node:stream";

/** Elsewhere `onread` is not what it is on Node: on Deno it hangs. */
export const SOCKETS_LEND = !("deno" in process.versions || "bun" in process.versions);

/** As much as Node reads at a time. One is enough: what is in it is done with before anything else is read. */
const shared = new Uint8Array(64 * 1024);

/** May read a chunk until it returns. */
type Borrower = (chunk: Uint8Array) => void;

export class LendingSocket extends Socket {
  #borrower: Borrower | undefined;

  private constructor(options: SocketConstructorOpts) {
    super({ ...options, ...onread((length) => this.#read(length)) });
  }

  /** The same as `connect` of `node:net`. */
  static open(options: NetConnectOpts): LendingSocket {
    const socket = new LendingSocket(options);
    if (options.timeout) socket.setTimeout(options.timeout);
    return socket.connect(options);
  }

  /**
   * The same connection as an accepted socket that is paused. Node has the option for sockets that it opens and not for
   * those, so this takes from one what Node keeps in it, and the socket is nothing any more. Where that is not as it is
   * known to be, the socket itself is returned, to go on as it is.
   */
  static adopt(socket: Socket): Socket {
    const inside: Inside = socket; // what is there in every version, though Node does not document it
    const { _handle: handle, _server } = inside;
    if (!SOCKETS_LEND || typeof handle?.useUserBuffer !== "function" || _server === undefined)
      return socket.resume();
    inside._handle = null;
    const options = { handle, allowHalfOpen: socket.allowHalfOpen };
    const adopted = new LendingSocket(options);
    // By this the server counts what is open.
    Object.assign(adopted, { _server, server: inside.server });
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
    const chunk = new Uint8Array(shared.buffer, 0, length);
    if (this.#borrower === undefined || !this.readableFlowing || this.readableLength > 0)
      return this.push(Buffer.from(chunk));
    this.#borrower(chunk);
    return true;
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

interface Inside {
  allowHalfOpen: boolean;
  _handle?: { readonly useUserBuffer?: unknown } | null;
  _server?: unknown;
  server?: unknown;
}

/** By a function: Node's types do not know the option where a socket is made. */
function onread(callback: (length: number) => boolean): ConnectOpts {
  return { onread: { buffer: shared, callback } };
}
