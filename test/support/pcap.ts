/** Captures of TCP conversations as files for Wireshark, made from the writes of both ends in their order. */

/** One write of one end. */
export interface Segment {
  readonly way: "toServer" | "toClient";
  readonly bytes: Uint8Array;
}

export interface Ports {
  readonly client: number;
  readonly server: number;
}

/** Link type: packets in the file begin with an IP header. */
const LINKTYPE_RAW = 101;
const FIN = 0x01;
const SYN = 0x02;
const PUSH = 0x08;
const ACK = 0x10;
/** Maximum payload of an IP packet after the IP and the TCP header. */
const MOST = 65_535 - 40;

/**
 * Returns a capture of a whole conversation, with a millisecond between any two packets.
 * @param bound maximum bytes of a segment
 */
export function capture(
  segments: readonly Segment[],
  ports: Ports = { client: 50_000, server: 1234 },
  bound = MOST,
): Buffer {
  const sent = { toServer: 1000, toClient: 2000 };
  const packets: Buffer[] = [];
  const send = (way: Segment["way"], flags: number, data: Uint8Array) => {
    packets.push(packet(way, ports, sent, flags, data));
    sent[way] += data.length + (flags & (SYN | FIN) ? 1 : 0);
  };
  const nothing = new Uint8Array(0);
  send("toServer", SYN, nothing);
  send("toClient", SYN | ACK, nothing);
  send("toServer", ACK, nothing);
  for (const { way, bytes } of segments) {
    for (let at = 0; at < bytes.length; at += bound) send(way, PUSH | ACK, bytes.subarray(at, at + bound));
  }
  send("toServer", FIN | ACK, nothing);
  send("toClient", FIN | ACK, nothing);
  send("toServer", ACK, nothing);
  return Buffer.concat([fileHeader(), ...packets.flatMap((data, i) => [recordHeader(i, data.length), data])]);
}

function packet(
  way: Segment["way"],
  ports: Ports,
  sent: Readonly<Record<Segment["way"], number>>,
  flags: number,
  data: Uint8Array,
): Buffer {
  const toServer = way === "toServer";
  const ip = Buffer.alloc(20);
  ip[0] = 0x45;
  ip.writeUInt16BE(40 + data.length, 2);
  ip[8] = 64;
  ip[9] = 6;
  ip.set([10, 0, 0, toServer ? 1 : 2, 10, 0, 0, toServer ? 2 : 1], 12);
  const tcp = Buffer.alloc(20);
  tcp.writeUInt16BE(toServer ? ports.client : ports.server, 0);
  tcp.writeUInt16BE(toServer ? ports.server : ports.client, 2);
  tcp.writeUInt32BE(sent[way], 4);
  if (flags & ACK) tcp.writeUInt32BE(sent[toServer ? "toClient" : "toServer"], 8);
  tcp[12] = 0x50;
  tcp[13] = flags;
  tcp.writeUInt16BE(65_535, 14);
  return Buffer.concat([ip, tcp, data]);
}

function fileHeader(): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(LINKTYPE_RAW, 20);
  return header;
}

function recordHeader(index: number, length: number): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(1_700_000_000 + Math.floor(index / 1000), 0);
  header.writeUInt32LE((index % 1000) * 1000, 4);
  header.writeUInt32LE(length, 8);
  header.writeUInt32LE(length, 12);
  return header;
}
