/** Converts captures to other link types and file formats. */

export interface Record {
  readonly time: number;
  readonly data: Buffer;
}

/** Returns the packets of a pcap of `test/support/pcap.ts`: little-endian, with microseconds, without link header. */
export function recordsOf(pcap: Buffer): Record[] {
  const records: Record[] = [];
  for (let at = 24; at < pcap.length; ) {
    const length = pcap.readUInt32LE(at + 8);
    const time = pcap.readUInt32LE(at) * 1e6 + pcap.readUInt32LE(at + 4);
    records.push({ time, data: pcap.subarray(at + 16, at + 16 + length) });
    at += 16 + length;
  }
  return records;
}

export interface PcapOptions {
  readonly linkType?: number;
  readonly bigEndian?: boolean;
  readonly nanoseconds?: boolean;
}

export function pcapOf(records: readonly Record[], options: PcapOptions = {}): Buffer {
  const { linkType = 101, bigEndian = false, nanoseconds = false } = options;
  const words = (...values: number[]) => uint32s(values, bigEndian);
  const head = words(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 0, 0, 0, 262_144, linkType);
  const parts = records.flatMap(({ time, data }) => {
    const part = (time % 1e6) * (nanoseconds ? 1000 : 1);
    return [words(Math.floor(time / 1e6), part, data.length, data.length), data];
  });
  return Buffer.concat([head, ...parts]);
}

export interface PcapngOptions {
  readonly bigEndian?: boolean;
  /** Writes simple packet blocks, without interface and time. */
  readonly simple?: boolean;
  /** Maximum number of bytes captured of a packet; 0 for all. */
  readonly longest?: number;
}

/** Returns a pcapng with times in nanoseconds (an interface option), and a block of an unknown type. */
export function pcapngOf(records: readonly Record[], options: PcapngOptions = {}): Buffer {
  const { bigEndian = false, simple = false, longest = 262_144 } = options;
  const words = (...values: number[]) => uint32s(values, bigEndian);
  const block = (type: number, body: Buffer) => {
    const padded = Buffer.concat([body, Buffer.alloc(-body.length & 3)]);
    return Buffer.concat([words(type, padded.length + 12), padded, words(padded.length + 12)]);
  };
  const uint16s = (...values: number[]) => {
    const bytes = Buffer.alloc(2 * values.length);
    for (const [i, value] of values.entries()) {
      if (bigEndian) bytes.writeUInt16BE(value, 2 * i);
      else bytes.writeUInt16LE(value, 2 * i);
    }
    return bytes;
  };
  const resolution = Buffer.concat([uint16s(9, 1), Buffer.of(9, 0, 0, 0), uint16s(0, 0)]);
  return Buffer.concat([
    block(0x0a0d0d0a, Buffer.concat([words(0x1a2b3c4d, 0x00010000), Buffer.alloc(8, 0xff)])),
    block(1, Buffer.concat([uint16s(101, 0), words(longest), resolution])),
    block(0xbad, Buffer.from("whatever")),
    ...records.map(({ time, data: whole }) => {
      const data = whole.subarray(0, longest || undefined);
      if (simple) return block(3, Buffer.concat([words(whole.length), data]));
      const units = BigInt(time) * 1000n;
      const high = Number(units >> 32n);
      const low = Number(units & 0xffffffffn);
      return block(6, Buffer.concat([words(0, high, low, data.length, whole.length), data]));
    }),
  ]);
}

/** Returns the same TCP segment in IPv6, after an extension header. */
export function overIPv6(ip: Buffer): Buffer {
  const header = Buffer.alloc(48);
  header[0] = 0x60;
  header.writeUInt16BE(8 + ip.length - 20, 4);
  header[6] = 0; // hop-by-hop options, of 8 bytes
  header[40] = 6;
  for (const [at, from] of [
    [8, 12],
    [24, 16],
  ] as const) {
    header.set([0x20, 0x01, 0x0d, 0xb8], at);
    header[at + 15] = ip[from + 3] ?? 0;
  }
  return Buffer.concat([header, ip.subarray(20)]);
}

function uint32s(values: readonly number[], bigEndian: boolean): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) {
    if (bigEndian) bytes.writeUInt32BE(value, 4 * i);
    else bytes.writeUInt32LE(value, 4 * i);
  }
  return bytes;
}
