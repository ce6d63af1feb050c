/** A client that reconnects whenever its connection breaks. */
import { DescriptorsNotAvailable } from "../../core/errors/caller.ts";
import { checkIsObject, checkOptionNames } from "../../core/option-names.ts";
import { withFatalOptionsErrors } from "../../core/reconnecting/fatal-errors.ts";
import { type ConnectOptions, connect } from "../connect.ts";
import { checkOptions, type NodeConnection } from "../connection.ts";
import {
  CONNECT_OPTIONS,
  OPENER_OPTIONS,
  OPTIONS_OF_NODE,
  pick,
  RECONNECTING_ADDRESS_OPTIONS,
} from "../option-names.ts";
import type { TLSOptions } from "../tls/options.ts";
import { checkTLSOptions } from "../tls/validate-options.ts";
import { ReconnectingClient } from "./client.ts";
import type { ReconnectingOptions } from "./options.ts";

/** Names of the options that each attempt passes to `connect`. `signal` is the one of the client. */
const CONNECTION_NAMES = CONNECT_OPTIONS.filter(
  (name) => name !== "signal",
) as readonly string[] as readonly (keyof ConnectOptions)[]; // the keys of a union are only the common ones

/**
 * Opens a connection, and opens a new one whenever the connection breaks, until the client is closed. Returns
 * immediately: calls are queued until a connection is ready. An address that Node rejects, such as port 70000, closes the
 * client.
 * @throws InvalidCertificate, InvalidSignature, RangeError or TypeError for invalid options
 */
export function reconnecting(options: ReconnectingOptions): ReconnectingClient {
  checkIsObject("reconnecting", options);
  checkOptionNames(
    "reconnecting",
    options,
    "open" in options ? OPENER_OPTIONS : RECONNECTING_ADDRESS_OPTIONS,
    OPTIONS_OF_NODE,
  );
  const { startTLS } = options;
  if (startTLS !== undefined) {
    const { requireQuiescent: _1, timeout: _2, signal: _3, ...tls } = startTLS;
    const defaults = "tls" in options && typeof options.tls === "object" ? options.tls : {};
    checkTLSOptions({ ...defaults, ...tls } as TLSOptions, "client"); // checks the classes that the cast claims
  }
  const { open, isFatalError } = openerOf(options);
  const factory = {
    open,
    prepare: startTLS && ((connection: NodeConnection) => connection.startTLS(startTLS)),
  };
  return new ReconnectingClient({ ...options, isFatalError }, factory);
}

function openerOf(options: ReconnectingOptions) {
  if ("open" in options) return options;
  const { isFatalError } = options;
  // Without the options of the client, these are the options of `connect`.
  const rest = pick(options, CONNECTION_NAMES) as ConnectOptions;
  checkOptions(rest, "client");
  return withFatalOptionsErrors((signal) => connect({ ...rest, signal }), isInvalidAddress, isFatalError);
}

/** True if Node or the library rejects the address itself: for example, a port over 65535. */
function isInvalidAddress(error: unknown): boolean {
  return (
    error instanceof TypeError || error instanceof RangeError || error instanceof DescriptorsNotAvailable
  );
}
