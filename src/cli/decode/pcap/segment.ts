/** Extracts TCP segments from packets. */
import type { Packet } from "./file.ts";

export interface Segment {
  /** `127.0.0.1:1234` */
  readonly from: string;
  readonly to: string;
  readonly sequence: number;
  readonly syn: boolean;
  readonly ack: boolean;
  readonly data: Buffer;
  /** Time of the packet in milliseconds since 1970; undefined if unknown. */
  readonly time: number | undefined;
}

/** Functions that remove the link header, by link type. */
const LINKS: Readonly<Record<number, (data: Buffer) => Buffer>> = {
  0: (data) => data.subarray(4), // BSD loopback
  1: ethernet,
  12: (data) => data, // raw IP has several link types
  14: (data) => data,
  101: (data) => data,
  108: (data) => data.subarray(4), // OpenBSD loopback
  113: (data) => data.subarray(16), // Linux "any"
  228: (data) => data,
  229: (data) => data,
  276: (data) => data.subarray(20), // Linux "any", newer
};

/** Returns true if packets of this link type can be read. */
export function isKnownLink(linkType: number): boolean {
  return linkType in LINKS;
}

/** Returns undefined for packets other than TCP over IP. */
export function segmentOf({ linkType, data, time }: Packet): Segment | undefined {
  const ip = LINKS[linkType]?.(data);
  if (ip === undefined || ip.length < 20) return undefined;
  const version = (ip[0] ?? 0) >> 4;
  const found = version === 4 ? ipv4(ip) : version === 6 ? ipv6(ip) : undefined;
  if (found === undefined || found.tcp.length < 20) return undefined;
  const { tcp, source, target } = found;
  const flags = tcp.readUInt8(13);
  return {
    from: `${source}:${tcp.readUInt16BE(0)}`,
    to: `${target}:${tcp.readUInt16BE(2)}`,
    sequence: tcp.readUInt32BE(4),
    syn: (flags & 0x02) !== 0,
    ack: (flags & 0x10) !== 0,
    data: tcp.subarray((tcp.readUInt8(12) >> 4) * 4),
    time,
  };
}

const VLANS = [0x8100, 0x88a8];

function ethernet(data: Buffer): Buffer {
  let at = 12;
  while (at + 2 <= data.length && VLANS.includes(data.readUInt16BE(at))) at += 4;
  return data.subarray(at + 2);
}

interface Inside {
  readonly tcp: Buffer;
  readonly source: string;
  readonly target: string;
}

const TCP = 6;

function ipv4(ip: Buffer): Inside | undefined {
  if (ip.readUInt8(9) !== TCP) return undefined;
  const header = (ip.readUInt8(0) & 0x0f) * 4;
  // The length is 0 if the network card splits a large segment into packets.
  const length = ip.readUInt16BE(2) || ip.length;
  return {
    tcp: ip.subarray(header, length),
    source: ip.subarray(12, 16).join("."),
    target: ip.subarray(16, 20).join("."),
  };
}

/** Extension headers before TCP. Their length field counts units of eight bytes after the first eight. */
const EXTENSIONS = [0, 43, 60];

function ipv6(ip: Buffer): Inside | undefined {
  if (ip.length < 40) return undefined;
  const length = ip.readUInt16BE(4) || ip.length;
  let next = ip.readUInt8(6);
  let at = 40;
  while (EXTENSIONS.includes(next) && at + 2 <= ip.length) {
    next = ip.readUInt8(at);
    at += (ip.readUInt8(at + 1) + 1) * 8;
  }
  if (next !== TCP) return undefined;
  return { tcp: ip.subarray(at, 40 + length), source: ipv6Text(ip, 8), target: ipv6Text(ip, 24) };
}

function ipv6Text(ip: Buffer, at: number): string {
  const groups = Array.from({ length: 8 }, (_, group) => ip.readUInt16BE(at + group * 2).toString(16));
  return `[${groups
    .join(":")
    .replace(/\b(?:0:){2,}/, ":")
    .replace(/^:(?!:)/, "::")}]`;
}
