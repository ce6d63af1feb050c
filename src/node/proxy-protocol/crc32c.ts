/** The checksum CRC-32C of RFC 4960, appendix B. */

/** The polynomial, with the lowest bit first. */
const POLYNOMIAL = 0x82f63b78;

/** Returns the checksum. Bit by bit: a header is short, and few balancers send a checksum. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  }
  return ~crc >>> 0;
}
