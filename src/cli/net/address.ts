/** Parses addresses: `tcp://host:port`, `tls://host:port`, `unix:path`. */
import { isIPv6 } from "node:net";
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

const INTERNET = /^(tcp|tls):\/\/(?:\[([^\]]+)\]|([^:/[\]]+)):(\d{1,5})\/?$/;
const HINT = "use tcp://HOST:PORT, tls://HOST:PORT or unix:PATH";

/** @throws UsageError */
export function parseAddress(text: string): Address {
  if (text.startsWith("unix:")) {
    // unix:///run/x is accepted too.
    const path = text.slice("unix:".length).replace(/^\/\/(?=\/)/, "");
    if (path === "") throw new UsageError("the address unix: has no path", HINT);
    return { kind: "unix", path };
  }
  const [, kind, bracketed, plain, digits] = INTERNET.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || (bracketed !== undefined && !isIPv6(bracketed))) throw invalidAddress(text);
  const port = Number(digits);
  if (port > 65535) throw new UsageError(`${text}: the port must be at most 65535`, HINT);
  return { kind: kind === "tls" ? "tls" : "tcp", host, port };
}

/** Returns the address without TLS for `node:net`. */
export function socketAddress(address: Exclude<Address, InternetAddress<"tls">>): SocketAddress {
  return address.kind === "unix" ? { path: address.path } : { host: address.host, port: address.port };
}

export function addressText(address: Address): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  const host = isIPv6(address.host) ? `[${address.host}]` : address.host;
  return `${address.kind}://${host}:${address.port}`;
}

function invalidAddress(text: string): UsageError {
  const bare = /^[^:/]+:\d+$/.test(text) ? `use tcp://${text}` : HINT;
  return new UsageError(`${JSON.stringify(text)} is not an address`, bare);
}
