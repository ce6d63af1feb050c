/**
 * Transports that read as sockets do: into one buffer, which they lend and write over as soon as it is theirs again, or
 * into the room that the receiver has.
 */
import type { Transport } from "ampwire";
import { ForwardingReceiver } from "./forwarding-receiver.ts";

const buffer = new Uint8Array(64 * 1024);

/** The same transport. Whoever reads there too late reads what is no AMP. */
export function lending<T extends Transport>(transport: T): T {
  const start = transport.start.bind(transport);
  transport.start = (receiver) => start(new Lender(receiver));
  return transport;
}

class Lender extends ForwardingReceiver {
  override received(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const room = this.room();
      const place = room ?? buffer;
      const part = chunk.subarray(at, at + place.length);
      place.set(part);
      try {
        super.received(place.subarray(0, part.length), room === undefined ? "borrowed" : "owned");
      } finally {
        buffer.fill(0xff);
      }
      at += part.length;
    }
  }
}
