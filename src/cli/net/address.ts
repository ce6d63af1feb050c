/** Parses addresses: `tcp://host:port`, `tls://host:port`, `unix:path`. */
import { isIPv6 } from "node:net";
import { messageOf } from "../../core/errors/to-error.ts";
import { checkSocketPath } from "../../node/socket-address.ts";
import { UsageError } from "../cli-error.ts";

export interface InternetAddress<Kind extends "tcp" | "tls" = "tcp" | "tls"> {
  readonly kind: Kind;
  readonly host: string;
  readonly port: number;
}

export type Address =
  | InternetAddress<"tcp">
  | InternetAddress<"tls">
  | { readonly kind: "unix"; readonly path: string };

/** A TCP or UNIX address as `node:net` accepts it. */
export type SocketAddress = { readonly port: number; readonly host: string } | { readonly path: string };

const INTERNET = /^(tcp|tls):\/\/(?:\[([^\]]+)\]|([^\s:/[\]]+)):(\d{1,5})\/?$/i;
const HINT = "use tcp://HOST:PORT, tls://HOST:PORT or unix:PATH";

/** @throws UsageError */
export function parseAddress(text: string): Address {
  if (/^unix:/i.test(text)) {
    // unix:///run/x is accepted too.
    const path = text.slice("unix:".length).replace(/^\/\/(?=\/)/, "");
    if (path === "") throw new UsageError("the address unix: has no path", HINT);
    checkPath(path);
    return { kind: "unix", path };
  }
  const [, kind, bracketed, plain, digits] = INTERNET.exec(text) ?? [];
  // In a URI, the % before the zone of an IPv6 address is written as %25 (RFC 6874).
  const host = bracketed?.replace("%25", "%") ?? plain;
  if (host === undefined || (bracketed !== undefined && !isIPv6(host))) throw invalidAddress(text);
  const port = Number(digits);
  if (port > 65535) throw new UsageError(`${text}: the port must be at most 65535`, HINT);
  return { kind: kind?.toLowerCase() === "tls" ? "tls" : "tcp", host, port };
}

/**
 * Parses the address of a server to connect to.
 * @throws UsageError
 */
export function parseServerAddress(text: string): Address {
  const address = parseAddress(text);
  if (address.kind !== "unix" && address.port === 0)
    throw new UsageError(`${text}: port 0 is for listening only`, "use the port at which the server listens");
  return address;
}

/** @throws UsageError for a path that is too long: Node 20 would cut it off */
function checkPath(path: string): void {
  try {
    checkSocketPath(path);
  } catch (cause) {
    throw new UsageError(messageOf(cause), undefined, { cause });
  }
}

/** Returns the address without TLS for `node:net`. */
export function socketAddress(address: Exclude<Address, InternetAddress<"tls">>): SocketAddress {
  return address.kind === "unix" ? { path: address.path } : { host: address.host, port: address.port };
}

export function addressText(address: Address): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  return `${address.kind}://${hostAndPort(address.host, address.port)}`;
}

/** Returns the text of an address of `node:net`. */
export function socketText(address: SocketAddress): string {
  return "path" in address ? address.path : hostAndPort(address.host, address.port);
}

/** Returns `HOST:PORT`, with an IPv6 address in brackets. */
export function hostAndPort(host: string, port: number | undefined): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

function invalidAddress(text: string): UsageError {
  return new UsageError(`${JSON.stringify(text)} is not an address`, hintFor(text));
}

function hintFor(text: string): string {
  if (/^wss?:/i.test(text))
    return "the command line does not support WebSockets: use the address of a TCP or UNIX socket of the server";
  if (/^[^:/]+:\d+$/.test(text)) return `use tcp://${text}`;
  if (/^\.{0,2}\//.test(text)) return `use unix:${text}`;
  const [, kind, rest] = /^(tcp|tls):\/?([^/].*)$/i.exec(text) ?? [];
  if (kind !== undefined && INTERNET.test(`${kind}://${rest}`)) return `use ${kind}://${rest}`;
  if (/^(?:tcp|tls):\/\/:\d+$/i.test(text)) return "name the host; 0.0.0.0 or [::] listens at all addresses";
  if (/^(?:tcp|tls):\/\/[\da-f:.]*:[\da-f:.]*:\d+$/i.test(text))
    return "write an IPv6 address in brackets: tcp://[::1]:PORT";
  return HINT;
}
