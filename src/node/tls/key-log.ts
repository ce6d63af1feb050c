/** The secrets of a connection, for Wireshark. */
import type { EventEmitter } from "node:events";
import type { HandshakeOutcome } from "./outcome.ts";

/**
 * Passes the lines to the function of the program. If it throws, the handshake fails with its error.
 * @param source a TLS socket of a client, or a TLS server
 */
export function logKeys(
  source: EventEmitter,
  keyLog: (line: string) => void,
  outcome: HandshakeOutcome,
): void {
  source.on("keylog", (line: Uint8Array) => {
    try {
      keyLog(Buffer.from(line).toString("latin1").trimEnd());
    } catch (error) {
      outcome.failed({ error });
    }
  });
}
