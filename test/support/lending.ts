/** Transports that lend all they deliver, out of one buffer, and write over it as soon as it is theirs again. */
import type { Transport } from "ampwire";
import { ForwardingReceiver } from "./forwarding-receiver.ts";

const buffer = new Uint8Array(1024 * 1024);

/** The same transport. Whoever reads there too late reads what is no AMP. */
export function lending<T extends Transport>(transport: T): T {
  const start = transport.start.bind(transport);
  transport.start = (receiver) => start(new Lender(receiver));
  return transport;
}

class Lender extends ForwardingReceiver {
  override received(chunk: Uint8Array): void {
    buffer.set(chunk);
    try {
      super.received(buffer.subarray(0, chunk.length), "lent");
    } finally {
      buffer.fill(0xff, 0, chunk.length);
    }
  }
}
