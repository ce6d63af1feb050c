/** Keeps a connection up. */
import { DescriptorsNotAvailable } from "../../core/errors/caller.ts";
import { ReconnectingClient as Client } from "../../core/reconnecting/client.ts";
import { withFatalOptionsErrors } from "../../core/reconnecting/fatal-errors.ts";
import { systemClock } from "../clock.ts";
import { connect } from "../connect.ts";
import { checkOptions, type NodeConnection } from "../connection.ts";
import type { TLSOptions } from "../tls/options.ts";
import { checkTLSOptions } from "../tls/validate-options.ts";
import type { ReconnectingClient, ReconnectingOptions } from "./options.ts";

/**
 * Connects, and connects again whenever the connection breaks, until it is closed. Comes back at once: calls wait for
 * the first connection as for any other. An address that Node cannot take closes the client.
 * @throws InvalidCertificate, InvalidSignature, RangeError, TypeError for options that make no sense
 */
export function reconnecting(options: ReconnectingOptions): ReconnectingClient {
  const { startTLS } = options;
  if (startTLS !== undefined) checkTLSOptions(startTLS as TLSOptions, "client"); // looks whether the certificates are ours
  const { open, isFatalError } = wayOf(options);
  const carrier = {
    clock: systemClock,
    open,
    prepare: startTLS && ((connection: NodeConnection) => connection.startTLS(startTLS)),
  };
  return new Client({ ...options, isFatalError: isFatalError }, carrier);
}

function wayOf(options: ReconnectingOptions) {
  if ("open" in options) return options;
  const { signal: _ofTheWhole, isFatalError, ...rest } = options;
  checkOptions(rest, "client");
  return withFatalOptionsErrors((signal) => connect({ ...rest, signal }), refuses, isFatalError);
}

/** Whether an address was refused before anything was opened: a port over 65535, a UNIX socket's lack of descriptors. */
function refuses(error: unknown): boolean {
  return (
    error instanceof TypeError || error instanceof RangeError || error instanceof DescriptorsNotAvailable
  );
}
