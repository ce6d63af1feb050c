/** Transports that lend all they deliver, out of one buffer, and write over it as soon as it is theirs again. */
import type { ChunkOwnership, Transport, TransportReceiver } from "ampwire";

const buffer = new Uint8Array(1024 * 1024);

/** The same transport. Whoever reads there too late reads what is no AMP. */
export function lending<T extends Transport>(transport: T): T {
  const start = transport.start.bind(transport);
  transport.start = (receiver) => start(new Lender(receiver));
  return transport;
}

class Lender implements TransportReceiver {
  readonly #borrower: TransportReceiver;

  constructor(borrower: TransportReceiver) {
    this.#borrower = borrower;
  }

  received(chunk: Uint8Array, _ownership?: ChunkOwnership): void {
    buffer.set(chunk);
    try {
      this.#borrower.received(buffer.subarray(0, chunk.length), "lent");
    } finally {
      buffer.fill(0xff, 0, chunk.length);
    }
  }

  ended(): void {
    this.#borrower.ended();
  }

  drained(): void {
    this.#borrower.drained();
  }

  lost(reason?: Error): void {
    this.#borrower.lost(reason);
  }
}
