/** Reads packets from capture files: pcap in both byte orders, with micro- or nanoseconds, and pcapng. */
import { Failure } from "../../cli-error.ts";
import type { ByteSource } from "./byte-source.ts";

export interface Packet {
  /** Milliseconds since 1970; undefined if the file has no timestamps. */
  readonly time: number | undefined;
  /** Type of the link header: a LINKTYPE_ value of tcpdump.org. */
  readonly linkType: number;
  readonly data: Buffer;
}

const PCAPNG = 0x0a0d0d0a;
/** Byte order and unit of time, by the magic number read as little-endian. */
const PCAP: Readonly<Record<number, readonly [bigEndian: boolean, unitsPerSecond: number]>> = {
  2712847316: [false, 1e6],
  3569595041: [true, 1e6],
  2712812621: [false, 1e9],
  1295823521: [true, 1e9],
};
/** Maximum length of a packet in bytes. A larger length means that the file is malformed. */
const MAX_PACKET_BYTES = 64 * 1024 * 1024;

/** Returns true for the magic number of a capture file. A box cannot begin with it: its first byte is 00. */
export function isCapture(first: Buffer): boolean {
  const magic = first.readUInt32LE(0);
  return magic === PCAPNG || magic in PCAP;
}

/**
 * @param onCut called if the file ends in the middle of a packet
 * @throws Failure if the file is not a capture
 */
export async function* packets(file: ByteSource, onCut: () => void): AsyncGenerator<Packet> {
  const first = await file.peek(4);
  const magic = first?.readUInt32LE(0);
  const pcap = magic === undefined ? undefined : PCAP[magic];
  if (pcap === undefined && magic !== PCAPNG)
    throw new Failure("the input is not a capture file (pcap or pcapng)", "tcpdump -w FILE writes one");
  const isCut = pcap === undefined ? yield* pcapngPackets(file) : yield* pcapPackets(file, ...pcap);
  if (isCut || file.buffered > 0) onCut();
}

/** Packets of a file. The generator returns true if a packet was begun and its bytes are missing. */
type Packets = AsyncGenerator<Packet, boolean>;

async function* pcapPackets(file: ByteSource, bigEndian: boolean, units: number): Packets {
  const header = await file.take(24);
  if (header === undefined) return true;
  const linkType = uint32(header, 20, bigEndian) & 0xffff;
  for (let record = await file.take(16); record !== undefined; record = await file.take(16)) {
    const time = uint32(record, 0, bigEndian) * 1000 + (uint32(record, 4, bigEndian) * 1000) / units;
    const data = await file.take(checked(uint32(record, 8, bigEndian)));
    if (data === undefined) return true;
    yield { time, linkType, data };
  }
  return false;
}

const INTERFACE = 1;
/** Simple packet block: without a timestamp, always of the first interface. */
const SIMPLE = 3;
const ENHANCED = 6;
/** Minimum length of a block in bytes, by block type. */
const MIN_BLOCK_BYTES: Readonly<Record<number, number>> = { [INTERFACE]: 20, [SIMPLE]: 16, [ENHANCED]: 32 };

interface Interface {
  readonly linkType: number;
  /** Maximum number of bytes captured of a packet. */
  readonly longest: number;
  readonly unitsPerSecond: number;
}

const PACKETS: Readonly<Record<number, typeof enhanced>> = { [SIMPLE]: simple, [ENHANCED]: enhanced };

async function* pcapngPackets(file: ByteSource): Packets {
  let bigEndian = false;
  let interfaces: Interface[] = [];
  for (let head = await file.peek(12); head !== undefined; head = await file.peek(12)) {
    if (head.readUInt32LE(0) === PCAPNG) {
      bigEndian = head.readUInt32BE(8) === 0x1a2b3c4d;
      interfaces = [];
    }
    const type = uint32(head, 0, bigEndian);
    const length = checked(uint32(head, 4, bigEndian));
    const least = MIN_BLOCK_BYTES[type] ?? 12;
    if (length < least) throw new Failure(`the capture file is malformed: a block of ${length} bytes`);
    const block = await file.take(length);
    if (block === undefined) return true;
    if (type === INTERFACE) interfaces.push(interfaceOf(block, bigEndian));
    const packet = PACKETS[type]?.(block, bigEndian, interfaces);
    if (packet !== undefined) yield packet;
  }
  return false;
}

function interfaceOf(block: Buffer, bigEndian: boolean): Interface {
  const linkType = bigEndian ? block.readUInt16BE(8) : block.readUInt16LE(8);
  const longest = uint32(block, 12, bigEndian) || Number.POSITIVE_INFINITY;
  // Each option has a code, a length, and a value padded to four bytes. Code 9 is if_tsresol.
  for (let at = 16; at + 4 < block.length - 4; ) {
    const code = bigEndian ? block.readUInt16BE(at) : block.readUInt16LE(at);
    const length = bigEndian ? block.readUInt16BE(at + 2) : block.readUInt16LE(at + 2);
    if (code === 0) break;
    if (code === 9) {
      const resolution = block.readUInt8(at + 4);
      const unitsPerSecond = resolution & 0x80 ? 2 ** (resolution & 0x7f) : 10 ** resolution;
      return { linkType, longest, unitsPerSecond };
    }
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return { linkType, longest, unitsPerSecond: 1e6 };
}

function enhanced(block: Buffer, bigEndian: boolean, interfaces: readonly Interface[]): Packet | undefined {
  const from = interfaces[uint32(block, 8, bigEndian)];
  if (from === undefined) return undefined;
  const units = uint32(block, 12, bigEndian) * 2 ** 32 + uint32(block, 16, bigEndian);
  const length = uint32(block, 20, bigEndian);
  const time = (units / from.unitsPerSecond) * 1000;
  return { time, linkType: from.linkType, data: block.subarray(28, 28 + length) };
}

function simple(block: Buffer, bigEndian: boolean, [from]: readonly Interface[]): Packet | undefined {
  if (from === undefined) return undefined;
  // The block contains the original length of the packet. The captured length follows from the limits.
  const length = Math.min(uint32(block, 8, bigEndian), from.longest, block.length - 16);
  return { time: undefined, linkType: from.linkType, data: block.subarray(12, 12 + length) };
}

function uint32(bytes: Buffer, at: number, bigEndian: boolean): number {
  return bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
}

function checked(length: number): number {
  if (length <= MAX_PACKET_BYTES) return length;
  throw new Failure(`the capture file is malformed: a packet of ${length} bytes`);
}
