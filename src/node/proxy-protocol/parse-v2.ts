/** PROXY headers of version 2: binary, with optional additional fields (TLVs). */
import type { Address } from "../../core/transport.ts";
import { crc32c } from "./crc32c.ts";
import { InvalidProxyHeader, type ParsedHeader, type ProxyHeader, type ProxyTLV } from "./header.ts";
import { canonical } from "./parse-v1.ts";
import { readTLS, readTLVs, TLV, textOf } from "./tlvs.ts";

/** The first bytes of every header of version 2. */
export const SIGNATURE = Uint8Array.of(
  0x0d,
  0x0a,
  0x0d,
  0x0a,
  0x00,
  0x0d,
  0x0a,
  0x51,
  0x55,
  0x49,
  0x54,
  0x0a,
);
/** Bytes before the addresses. */
export const FIXED_LENGTH = 16;
/** Maximum length of a header in bytes. The specification intends 536 at most; nginx has the same limit. */
const MAX_LENGTH = 4096;

export const LOCAL = 0x20;
export const PROXY = 0x21;
/** Bytes of both addresses and ports, by the address family: none, IPv4, IPv6, UNIX. */
const ADDRESS_LENGTHS = [0, 12, 36, 216] as const;
const STREAM = 1;
const MAX_TRANSPORT = 2;
/** Bytes of the path of a UNIX socket in a header. Shorter paths are filled up with zeros. */
export const PATH_LENGTH = 108;

/**
 * Parses a binary header. Each part is checked as soon as it has arrived.
 * @param bytes the first bytes of a connection
 * @returns undefined if more bytes are needed
 * @throws InvalidProxyHeader
 */
export function parseVersion2(bytes: Uint8Array): ParsedHeader | undefined {
  for (let i = 0; i < Math.min(bytes.length, SIGNATURE.length); i++)
    if (bytes[i] !== SIGNATURE[i]) throw invalid("the signature is wrong");
  const [command, protocol = 0, high = 0, low = 0] = bytes.subarray(SIGNATURE.length, FIXED_LENGTH);
  if (command === undefined) return undefined;
  if (command !== LOCAL && command !== PROXY)
    throw invalid(`version and command 0x${hex(command)} are unknown`);
  if (bytes.length < FIXED_LENGTH) return undefined;
  const family = protocol >> 4;
  const transport = protocol & 15;
  const addressLength = ADDRESS_LENGTHS[family];
  const length = FIXED_LENGTH + (high << 8) + low;
  // The family of a LOCAL header is ignored, as the specification requires.
  if (command === PROXY) {
    if (addressLength === undefined || transport > MAX_TRANSPORT)
      throw invalid(`the address family and transport 0x${hex(protocol)} are unknown`);
    if (length < FIXED_LENGTH + addressLength)
      throw invalid(
        `${length - FIXED_LENGTH} bytes are too few for the addresses, which have ${addressLength}`,
      );
  }
  if (length > MAX_LENGTH) throw invalid(`it has ${length} bytes; the limit is ${MAX_LENGTH}`);
  if (bytes.length < length) return undefined;
  if (command === LOCAL || addressLength === undefined)
    return { header: { version: 2, command: "LOCAL", tlvs: [] }, length };
  const whole = bytes.slice(0, length); // a copy, because the TLVs stay with the connection
  const tlvs = readTLVs(whole.subarray(FIXED_LENGTH + addressLength));
  checkSum(whole, tlvs);
  // A datagram cannot arrive over a stream: its addresses are ignored, as those of an unknown protocol.
  const addresses = transport === STREAM ? readAddresses(family, whole.subarray(FIXED_LENGTH)) : {};
  return { header: { version: 2, command: "PROXY", ...addresses, ...known(tlvs), tlvs }, length };
}

function readAddresses(family: number, block: Uint8Array): Pick<ProxyHeader, "source" | "destination"> {
  if (family === 0) return {};
  if (family === 3)
    return {
      source: path(block.subarray(0, PATH_LENGTH)),
      destination: path(block.subarray(PATH_LENGTH, 2 * PATH_LENGTH)),
    };
  const size = family === 1 ? 4 : 16;
  const view = new DataView(block.buffer, block.byteOffset);
  return {
    source: address(block.subarray(0, size), view.getUint16(2 * size)),
    destination: address(block.subarray(size, 2 * size), view.getUint16(2 * size + 2)),
  };
}

function address(bytes: Uint8Array, port: number): Address {
  if (bytes.length === 4) return { address: bytes.join("."), port, family: "IPv4" };
  const groups = Array.from({ length: 8 }, (_, i) => hex(bytes[2 * i] ?? 0) + hex(bytes[2 * i + 1] ?? 0));
  return { address: canonical("IPv6", groups.join(":")), port, family: "IPv6" };
}

/** Returns the path without the zeros after it. The name of an abstract socket begins with a zero. */
function path(bytes: Uint8Array): string {
  const end = bytes.indexOf(0, 1);
  return bytes[0] === 0 && bytes[1] === 0 ? "" : textOf(bytes.subarray(0, end < 0 ? bytes.length : end));
}

/** Returns the fields that have a name. */
function known(tlvs: readonly ProxyTLV[]): Partial<ProxyHeader> {
  const find = (type: number) => tlvs.find((tlv) => tlv.type === type)?.value;
  const [alpn, authority, uniqueId, tls] = [TLV.alpn, TLV.authority, TLV.uniqueId, TLV.tls].map(find);
  return {
    ...(alpn && { alpn: textOf(alpn) }),
    ...(authority && { authority: textOf(authority) }),
    ...(uniqueId && { uniqueId }),
    ...(tls && { tls: readTLS(tls) }),
  };
}

/** @throws InvalidProxyHeader if the header has a checksum that is wrong */
function checkSum(header: Uint8Array, tlvs: readonly ProxyTLV[]): void {
  const found = tlvs.find(({ type }) => type === TLV.checksum)?.value;
  if (found === undefined) return;
  if (found.length !== 4) throw invalid("the checksum must have 4 bytes");
  const expected = new DataView(found.buffer, found.byteOffset).getUint32(0);
  const zeroed = header.slice();
  zeroed.fill(0, found.byteOffset - header.byteOffset, found.byteOffset - header.byteOffset + 4);
  if (crc32c(zeroed) !== expected) throw invalid("the checksum is wrong");
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

function invalid(why: string): InvalidProxyHeader {
  return new InvalidProxyHeader(`the PROXY header is invalid: ${why}`);
}
