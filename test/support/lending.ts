/**
 * Transports that read as sockets do: into one buffer, which the receiver borrows and the transport then overwrites, or into
 * memory that the receiver offers.
 */
import type { Transport } from "ampwire";
import { ForwardingReceiver } from "./forwarding-receiver.ts";

const buffer = new Uint8Array(64 * 1024);

/** Wraps a transport. A receiver that reads a borrowed chunk too late reads garbage. */
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
