/** PROXY headers of version 2 for tests, written without the code of the library. */

export const SIGNATURE = Uint8Array.from(Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1"));

/** @param block what follows the 16 fixed bytes: addresses and fields */
export function header(command: number, family: number, block: Uint8Array): Uint8Array {
  return Uint8Array.of(...SIGNATURE, command, family, block.length >> 8, block.length & 255, ...block);
}

/** Returns an additional field. */
export function tlv(type: number, value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  return Uint8Array.of(type, bytes.length >> 8, bytes.length & 255, ...bytes);
}

/** A header for a client at 203.0.113.7, port 4000, that has connected to 198.51.100.1, port 443. */
export const FOR_A_CLIENT = header(
  0x21,
  0x11,
  Uint8Array.of(203, 0, 113, 7, 198, 51, 100, 1, 0x0f, 0xa0, 1, 0xbb),
);
