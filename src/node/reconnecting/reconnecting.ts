/** Keeps a connection up. */
import { connect } from "../connect.ts";
import { checkOptions } from "../connection.ts";
import { checkTLSOptions } from "../tls/check.ts";
import type { TLSOptions } from "../tls/options.ts";
import { ReconnectingClient } from "./client.ts";
import type { ReconnectingOptions } from "./options.ts";

/**
 * Connects, and connects again whenever the connection breaks, until it is closed. Comes back at once: calls wait for
 * the first connection as for any other.
 * @throws InvalidCertificate, RangeError, TypeError for options that make no sense
 */
export function reconnecting(options: ReconnectingOptions): ReconnectingClient {
  const { startTLS } = options;
  if (startTLS !== undefined) checkTLSOptions(startTLS as TLSOptions, "client"); // looks whether the certificates are ours
  if ("open" in options) return new ReconnectingClient(options);
  checkOptions(options, "client");
  const { signal: whole, ...rest } = options;
  const client = new ReconnectingClient({ ...rest, open: (signal) => connect({ ...rest, signal }) });
  const abort = () => client.destroy(whole?.reason instanceof Error ? whole.reason : undefined);
  if (whole?.aborted) abort();
  whole?.addEventListener("abort", abort, { once: true });
  void client.closed.then(() => whole?.removeEventListener("abort", abort));
  return client;
}
