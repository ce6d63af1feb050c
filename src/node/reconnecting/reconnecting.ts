/** Keeps a connection up. */
import { ReconnectingClient as Client } from "../../core/reconnecting/client.ts";
import { systemClock } from "../clock.ts";
import { connect } from "../connect.ts";
import { checkOptions } from "../connection.ts";
import { checkTLSOptions } from "../tls/check.ts";
import type { TLSOptions } from "../tls/options.ts";
import type { OwnWay, ReconnectingClient, ReconnectingOptions } from "./options.ts";

/**
 * Connects, and connects again whenever the connection breaks, until it is closed. Comes back at once: calls wait for
 * the first connection as for any other.
 * @throws InvalidCertificate, RangeError, TypeError for options that make no sense
 */
export function reconnecting(options: ReconnectingOptions): ReconnectingClient {
  const { startTLS } = options;
  if (startTLS !== undefined) checkTLSOptions(startTLS as TLSOptions, "client"); // looks whether the certificates are ours
  return new Client(options, {
    clock: systemClock,
    open: wayOf(options),
    prepare: startTLS && ((connection) => connection.startTLS(startTLS)),
  });
}

function wayOf(options: ReconnectingOptions): OwnWay["open"] {
  if ("open" in options) return options.open;
  const { signal: _ofTheWhole, ...rest } = options;
  checkOptions(rest, "client");
  return (signal) => connect({ ...rest, signal });
}
