/** Addresses as they are typed: `tcp://host:port`, `tls://host:port`, `unix:path`. */
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

const INTERNET = /^(tcp|tls):\/\/(?:\[([^\]]+)\]|([^:/[\]]+)):(\d{1,5})\/?$/;
const HINT = "tcp://HOST:PORT, tls://HOST:PORT or unix:PATH";

/** @throws Misuse */
export function parseAddress(text: string): Address {
  if (text.startsWith("unix:")) {
    // Also as a URL: unix:///run/x.
    const path = text.slice("unix:".length).replace(/^\/\/(?=\/)/, "");
    if (path === "") throw new UsageError("the address unix: names no path", HINT);
    return { kind: "unix", path };
  }
  const [, kind, bracketed, plain, digits] = INTERNET.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || (bracketed !== undefined && !isIPv6(bracketed))) throw noAddress(text);
  const port = Number(digits);
  if (port > 65535) throw new UsageError(`${text}: ports go to 65535`, HINT);
  return { kind: kind === "tls" ? "tls" : "tcp", host, port };
}

export function addressText(address: Address): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  const host = isIPv6(address.host) ? `[${address.host}]` : address.host;
  return `${address.kind}://${host}:${address.port}`;
}

function noAddress(text: string): UsageError {
  const bare = /^[^:/]+:\d+$/.test(text) ? `did you mean tcp://${text}?` : HINT;
  return new UsageError(`${JSON.stringify(text)} is no address`, bare);
}
