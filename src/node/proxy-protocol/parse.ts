/** Parses a PROXY header of either version. */
import { InvalidProxyHeader, type ParsedHeader } from "./header.ts";
import { parseVersion1 } from "./parse-v1.ts";
import { parseVersion2, SIGNATURE } from "./parse-v2.ts";

/** The first byte of version 1, of "PROXY". */
const P = 0x50;
/** Bytes that the error for another protocol shows. */
const SHOWN_BYTES = 16;

/**
 * Parses the first bytes of a connection, from which the version follows.
 * @returns undefined if more bytes are needed
 * @throws InvalidProxyHeader as soon as a byte cannot belong to a header
 */
export function parseHeader(bytes: Uint8Array): ParsedHeader | undefined {
  switch (bytes[0]) {
    case undefined:
      return undefined;
    case P:
      return parseVersion1(bytes);
    case SIGNATURE[0]:
      return parseVersion2(bytes);
  }
  const shown = Array.from(bytes.subarray(0, SHOWN_BYTES), (byte) => byte.toString(16).padStart(2, "0"));
  throw new InvalidProxyHeader(
    `the connection does not begin with a PROXY header, but with the bytes ${shown.join(" ")}: make the balancer send it, or connect to a server without proxyProtocol`,
  );
}
