/** PROXY headers of version 1: one line of text. */
import { isIPv4, isIPv6, SocketAddress } from "node:net";
import type { Address } from "../../core/transport.ts";
import { InvalidProxyHeader, type ParsedHeader } from "./header.ts";

/** Bytes of the longest line that the specification allows, with its line break. */
const MAX_LINE = 107;

const PREFIX = new TextEncoder().encode("PROXY ");
const CR = 0x0d;
const LF = 0x0a;
const PORT = /^(?:0|[1-9]\d{0,4})$/;

/**
 * Parses a line.
 * @param bytes the first bytes of a connection
 * @returns undefined if more bytes are needed
 * @throws InvalidProxyHeader
 */
export function parseVersion1(bytes: Uint8Array): ParsedHeader | undefined {
  for (let i = 0; i < Math.min(bytes.length, PREFIX.length); i++)
    if (bytes[i] !== PREFIX[i]) throw invalid(bytes, 'it must begin with "PROXY "');
  const length = lineLength(bytes);
  if (length === undefined) return undefined;
  const line = String.fromCharCode(...bytes.subarray(PREFIX.length, length - 2));
  const [protocol, ...fields] = line.split(" ");
  // The rest of an UNKNOWN line is ignored, as the specification requires.
  if (protocol === "UNKNOWN") return { header: { version: 1, command: "PROXY", tlvs: [] }, length };
  const [from = "", to = "", fromPort = "", toPort = ""] = fields;
  if ((protocol !== "TCP4" && protocol !== "TCP6") || fields.length !== 4)
    throw invalid(bytes, "TCP4 or TCP6, two addresses and two ports are required");
  const family = protocol === "TCP4" ? "IPv4" : "IPv6";
  const source = addressOf(family, from, fromPort);
  const destination = addressOf(family, to, toPort);
  if (source === undefined || destination === undefined)
    throw invalid(bytes, `an ${family} address or a port is malformed`);
  return { header: { version: 1, command: "PROXY", source, destination, tlvs: [] }, length };
}

/** @returns the length of the line with its line break; undefined if it is incomplete. @throws InvalidProxyHeader */
function lineLength(bytes: Uint8Array): number | undefined {
  const end = Math.min(bytes.length, MAX_LINE);
  for (let i = PREFIX.length; i < end; i++) {
    if (bytes[i] === LF) throw invalid(bytes, "a line feed without a carriage return is not allowed");
    if (bytes[i] !== CR || i + 1 >= end) continue;
    if (bytes[i + 1] !== LF) throw invalid(bytes, "a carriage return without a line feed is not allowed");
    return i + 2;
  }
  if (end === MAX_LINE) throw invalid(bytes, `the line is longer than ${MAX_LINE} bytes`);
  return undefined;
}

function addressOf(family: "IPv4" | "IPv6", address: string, port: string): Address | undefined {
  // `isIPv6` accepts a zone such as `%eth0`, which an address on the network does not have.
  const isValid = family === "IPv4" ? isIPv4(address) : isIPv6(address) && !address.includes("%");
  if (!isValid || !PORT.test(port) || Number(port) > 65_535) return undefined;
  return { address: canonical(family, address), port: Number(port), family };
}

/** Returns the text that Node uses for the address of a socket, for example `2001:db8::1`. */
export function canonical(family: "IPv4" | "IPv6", address: string): string {
  return new SocketAddress({ address, family: family === "IPv4" ? "ipv4" : "ipv6" }).address;
}

function invalid(bytes: Uint8Array, why: string): InvalidProxyHeader {
  const shown = new TextDecoder("latin1").decode(bytes.subarray(0, MAX_LINE));
  return new InvalidProxyHeader(`the PROXY line is invalid: ${why}: ${shown}`);
}
