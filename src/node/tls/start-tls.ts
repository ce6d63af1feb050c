/** The handshake after the answer to StartTLS. */
import type { Duplex } from "node:stream";
import { ephemeralCertificate } from "../certificates/ephemeral.ts";
import { delay } from "../real-timers.ts";
import type { UpgradeOptions } from "./options.ts";
import { upgrade } from "./upgrade.ts";
import type { Upgraded } from "./upgraded.ts";

/** In milliseconds. Twisted parses a ClientHello as AMP if it arrives together with the answer; the pause separates them. */
export const DEFAULT_HANDSHAKE_DELAY = 20;

/**
 * Performs the handshake on a stream without a `data` listener.
 * @param leftovers bytes that were read after the last box
 * @param side end of the StartTLS call
 * @param handshakeDelay milliseconds between the answer of this end and its ClientHello
 * @throws as {@link upgrade}
 */
export async function startTLS(
  raw: Duplex,
  given: UpgradeOptions,
  leftovers: Uint8Array,
  side: "asker" | "responder",
  handshakeDelay: number,
): Promise<Upgraded> {
  const { role, localCertificate = role === "server" ? ephemeralCertificate() : undefined } = given;
  const settings = { ...given, localCertificate };
  if (role === "client" && side === "responder") await delay(handshakeDelay);
  if (leftovers.length > 0) raw.unshift(leftovers);
  return { stream: await upgrade(raw, settings), settings };
}
