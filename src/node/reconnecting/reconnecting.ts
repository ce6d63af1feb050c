/** A client that reconnects whenever its connection breaks. */

import type { StartTLSOptions } from "../../core/command/types.ts";
import { DescriptorsNotAvailable } from "../../core/errors/caller.ts";
import { isError } from "../../core/errors/to-error.ts";
import {
  checkTLSOptionNames,
  START_TLS_OPTIONS,
} from "../../core/features/protocol-change/tls-option-names.ts";
import { checkIsObject, checkOptionNames } from "../../core/option-names.ts";
import { checkOptionTypes } from "../../core/option-types.ts";
import { withFatalOptionsErrors } from "../../core/reconnecting/fatal-errors.ts";
import type { ConnectionFactory } from "../../core/reconnecting/options.ts";
import { CONNECT_TIMEOUT_MS, openInTurn } from "../../core/reconnecting/rotation.ts";
import { systemClock } from "../clock.ts";
import { type ConnectOptions, checkConnectOptions, connect } from "../connect.ts";
import type { NodeConnection } from "../connection.ts";
import {
  CONNECT_OPTIONS,
  OPENER_OPTIONS,
  OPTIONS_OF_NODE,
  pick,
  RECONNECTING_ADDRESS_OPTIONS,
} from "../option-names.ts";
import type { TLSOptions } from "../tls/options.ts";
import { checkTLSOptions } from "../tls/validate-options.ts";
import { addressSource, checkServers, hasSeveralServers } from "./addresses.ts";
import { ReconnectingClient } from "./client.ts";
import type { ConnectionOpener, ReconnectingOptions, ServerAddress } from "./options.ts";

/** Names of the options that each attempt passes to `connect`. `signal` is the one of the client. */
const CONNECTION_NAMES = CONNECT_OPTIONS.filter(
  (name) => name !== "signal",
) as readonly string[] as readonly (keyof ConnectOptions)[]; // the keys of a union are only the common ones

type Factory = Omit<ConnectionFactory<NodeConnection, ServerAddress>, "clock">;

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
    opensItself(options) ? OPENER_OPTIONS : RECONNECTING_ADDRESS_OPTIONS,
    OPTIONS_OF_NODE,
  );
  checkServers(options);
  const { startTLS } = options;
  if (startTLS !== undefined && "implicitTLS" in options && options.implicitTLS)
    throw new TypeError(
      "reconnecting: implicitTLS and startTLS exclude each other: with implicitTLS, set the option tls",
    );
  // False would start TLS, and true would start it without verification.
  checkOptionTypes("reconnecting", { startTLS }, { startTLS: "object" });
  for (const { serverName } of "addresses" in options && options.addresses ? options.addresses : [{}])
    checkTLS(options, startTLS, serverName);
  if (opensItself(options))
    return new ReconnectingClient(options, { open: options.open, prepare: prepare(startTLS) });
  const factory = connectingFactory(options);
  const fatal = withFatalOptionsErrors(factory.open, isOptionsError, options.isFatalError);
  return new ReconnectingClient(
    { ...options, isFatalError: fatal.isFatalError },
    { ...factory, open: fatal.open, prepare: prepare(startTLS, factory.addressOf) },
  );
}

/** True if the program opens the connections. An option that is undefined counts as not set. */
function opensItself(options: ReconnectingOptions): options is ReconnectingOptions & ConnectionOpener {
  return "open" in options && options.open !== undefined;
}

/** Checks the options of TLS for a server. @throws InvalidCertificate, TypeError */
function checkTLS(
  options: ReconnectingOptions,
  startTLS: StartTLSOptions | undefined,
  serverName: string | undefined,
): void {
  const defaults = "tls" in options && typeof options.tls === "object" ? options.tls : {};
  const name = serverName === undefined ? {} : { serverName };
  if (startTLS !== undefined) {
    checkTLSOptionNames("startTLS", startTLS, START_TLS_OPTIONS);
    const { requireQuiescent: _1, timeout: _2, signal: _3, ...tls } = startTLS;
    checkTLSOptions({ ...defaults, ...tls, ...name } as TLSOptions, "client"); // checks the classes that the cast claims
  } else if (serverName !== undefined && !("tls" in options && typeof options.tls === "function")) {
    checkTLSOptions({ ...defaults, ...name } as TLSOptions, "client"); // checks them, too
  }
}

function prepare(
  startTLS: StartTLSOptions | undefined,
  addressOf: Factory["addressOf"] = () => undefined,
): Factory["prepare"] {
  if (startTLS === undefined) return undefined;
  return (connection) => {
    const { serverName = startTLS.serverName } = addressOf(connection) ?? {};
    return connection.startTLS({ ...startTLS, serverName });
  };
}

function connectingFactory(options: Exclude<ReconnectingOptions, { readonly open: unknown }>) {
  const severalServers = hasSeveralServers(options);
  // Without the options of the client, these are the options of `connect`.
  const rest = pick(options, CONNECTION_NAMES) as ConnectOptions;
  checkConnectOptions(rest);
  const { clock = systemClock, connectTimeout = severalServers ? CONNECT_TIMEOUT_MS : undefined } = rest;
  const open = ({ serverName, ...address }: ServerAddress, signal: AbortSignal) =>
    connect({
      ...rest,
      ...(severalServers && address),
      ...(serverName !== undefined && { tls: withServerName(rest.tls, serverName) }),
      connectTimeout,
      signal,
    } as ConnectOptions); // an address has a port or a path: see `checkServers`
  const source = addressSource(
    options,
    pick(options as ServerAddress, ["host", "port", "path"]),
    clock,
    connectTimeout,
  );
  return openInTurn<NodeConnection, ServerAddress>(source, open, isOptionsError);
}

/** Returns the option `tls` with the name of a server. */
function withServerName(tls: ConnectOptions["tls"], serverName: string): ConnectOptions["tls"] {
  if (typeof tls === "function") return async (connection) => ({ ...(await tls(connection)), serverName });
  // Without authorities there is nothing with which to verify the name.
  return tls && tls.verifyAuthorities !== undefined ? { ...tls, serverName } : tls;
}

/** True if Node or the library rejects the address itself: for example, a port over 65535. */
function isOptionsError(error: unknown): boolean {
  return (
    // By name: under Jest, the errors of Node are those of another realm.
    (isError(error) && ["TypeError", "RangeError"].includes(error.name)) ||
    error instanceof DescriptorsNotAvailable
  );
}
