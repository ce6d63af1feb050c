/** Names of the options of every function of the entry point. What is not listed is refused: Node would ignore it. */
import { CONNECTION_OPTIONS } from "../core/option-names.ts";
import { RECONNECTING_OPTIONS } from "../core/reconnecting/options.ts";

const NODE_CONNECTION_OPTIONS = [
  ...CONNECTION_OPTIONS,
  "handshakeDelay",
  "descriptors",
  "generateCode",
  "clock",
] as const;

export const ATTACH_OPTIONS = [...NODE_CONNECTION_OPTIONS, "role"] as const;

export const ATTACH_CHILD_OPTIONS = [...ATTACH_OPTIONS, "childReads", "childWrites"] as const;

/** Options of `net.connect` that are passed on. */
export const SOCKET_OPTIONS = [
  "port",
  "host",
  "path",
  "localAddress",
  "localPort",
  "hints",
  "family",
  "lookup",
  "noDelay",
  "keepAlive",
  "keepAliveInitialDelay",
  "autoSelectFamily",
  "autoSelectFamilyAttemptTimeout",
] as const;

export const CONNECT_OPTIONS = [
  ...NODE_CONNECTION_OPTIONS,
  ...SOCKET_OPTIONS,
  "connectTimeout",
  "implicitTLS",
  "role",
  "proxyProtocol",
  "signal",
] as const;

/** Options of `net.createServer` and of `net.Server.listen` that are passed on. */
export const NET_SERVER_OPTIONS = ["noDelay", "keepAlive", "keepAliveInitialDelay"] as const;
export const NET_LISTEN_OPTIONS = [
  "port",
  "host",
  "path",
  "backlog",
  "exclusive",
  "ipv6Only",
  "readableAll",
  "writableAll",
] as const;

export const LISTEN_OPTIONS = [
  ...NODE_CONNECTION_OPTIONS,
  ...NET_SERVER_OPTIONS,
  ...NET_LISTEN_OPTIONS,
  "fd",
  "reusePort",
  "unlinkStale",
  "mode",
  "implicitTLS",
  "proxyProtocol",
  "onConnection",
  "maxConnections",
  "maxConnectionAge",
  "serverLimits",
] as const;

/** Options of `reconnecting` with a function that opens the connections. */
export const OPENER_OPTIONS = [...RECONNECTING_OPTIONS, "startTLS", "open"] as const;

/** Options of `reconnecting` with an address. `open: undefined` counts as not set. */
export const RECONNECTING_ADDRESS_OPTIONS = [
  ...RECONNECTING_OPTIONS,
  ...CONNECT_OPTIONS,
  "startTLS",
  "open",
  "addresses",
  "srv",
] as const;

/** Fields of an address of the option `addresses`. */
export const SERVER_ADDRESS_OPTIONS = ["host", "port", "path", "serverName"] as const;

/** Fields of the option `srv`. */
export const SERVICE_OPTIONS = ["name", "resolver"] as const;

/** Options of `node:net` and `node:tls` that programs pass by mistake, and the options that do the same here. */
export const OPTIONS_OF_NODE = {
  timeout: "connectTimeout",
  ca: "tls.verifyAuthorities",
  rejectUnauthorized: "tls.verifyAuthorities",
  requestCert: "tls.verifyAuthorities",
  servername: "tls.serverName",
  verifyAuthorities: "tls.verifyAuthorities",
  serverName: "tls.serverName",
  localCertificate: "tls.localCertificate",
  cert: "tls.localCertificate",
  key: "tls.localCertificate",
} as const;

/** Returns the given ones of these options. Node takes `port: undefined` for any port. */
export function pick<T extends object, const K extends keyof T>(
  options: T,
  names: readonly K[],
): Partial<Pick<T, K>> {
  const picked: Partial<Pick<T, K>> = {};
  for (const name of names) if (options[name] !== undefined) picked[name] = options[name];
  return picked;
}
