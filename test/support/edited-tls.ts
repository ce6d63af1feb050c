/** A TLS client whose writes a test can change: for example, split them or append bytes. */
import { Duplex } from "node:stream";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import type { RawPeer } from "./raw-peer.ts";

/** Called with each write of TLS and its number, 0 for the ClientHello. Sends it, or something else. */
export type Edit = (bytes: Buffer, index: number) => void | Promise<void>;

export function editedClient(peer: RawPeer, edit: Edit, options: ConnectionOptions = {}): TLSSocket {
  const socket = new Edited(peer, edit);
  return connect({ rejectUnauthorized: false, ...options, socket }).on("error", () => {});
}

class Edited extends Duplex {
  readonly #edit: Edit;
  #index = 0;

  constructor(peer: RawPeer, edit: Edit) {
    super();
    this.#edit = edit;
    const socket = peer.release();
    socket.on("data", (chunk: Buffer) => this.push(chunk));
    socket.once("end", () => this.push(null));
    socket.once("close", () => this.destroy());
    socket.resume();
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    Promise.resolve(this.#edit(chunk, this.#index++)).then(() => done(), done);
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: (error?: Error) => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), "buffer", done);
  }
}
