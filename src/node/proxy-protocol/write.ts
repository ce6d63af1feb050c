/** Writes PROXY headers, for a client that connects for another client, and for health checks. */
import { isIP, isIPv4 } from "node:net";
import { DescriptorsNotAvailable } from "../../core/errors/caller.ts";
import { checkOptionNames } from "../../core/option-names.ts";
import type { Address, SocketAddress } from "../../core/transport.ts";
import { FIXED_LENGTH, LOCAL, PATH_LENGTH, PROXY, SIGNATURE } from "./parse-v2.ts";

/** PROXY header that {@link connect} sends before its first byte. */
export interface SentProxyHeader {
  /** Version of the header. Default 2. Twisted's `haproxy:` endpoint and HAProxy read both. */
  readonly version?: 1 | 2 | undefined;
  /**
   * Address of the client for which the connection is opened. Default: this end. The header is then that of a health check:
   * `LOCAL` in version 2, and the addresses of the socket in version 1.
   */
  readonly source?: Address | undefined;
  /** Address that this client connected to. Required with `source`, and of the same kind: both IPv4, IPv6 or UNIX paths. */
  readonly destination?: Address | undefined;
}

/**
 * Checks the option before a socket is opened.
 * @throws TypeError, RangeError; DescriptorsNotAvailable with `descriptors`
 */
export function checkSentHeader(options: SentProxyHeader, descriptors: unknown): void {
  if (descriptors)
    throw new DescriptorsNotAvailable("descriptors cannot follow a PROXY header: use one of the two options");
  writeHeader(options);
}

/**
 * Returns the bytes of a header.
 * @param own addresses of both ends of the socket, for the health check of version 1
 * @throws TypeError, RangeError for invalid addresses
 */
export function writeHeader(
  options: SentProxyHeader,
  own: Pick<SentProxyHeader, "source" | "destination"> = {},
): Uint8Array {
  checkOptionNames("proxyProtocol", options, ["version", "source", "destination"]);
  const { version = 2 } = options;
  const isCheck = options.source === undefined && options.destination === undefined;
  const { source, destination } = isCheck && version === 1 ? own : options;
  if (version !== 1 && version !== 2)
    throw new RangeError(`proxyProtocol.version must be 1 or 2, not ${String(version)}`);
  if ((source === undefined) !== (destination === undefined))
    throw new TypeError("proxyProtocol needs source and destination, or neither of them");
  if (source === undefined || destination === undefined)
    return version === 1 ? text("PROXY UNKNOWN\r\n") : binary(LOCAL, 0, new Uint8Array(0));
  const from = checked("source", source);
  const to = checked("destination", destination);
  if (typeof from === "string" && typeof to === "string") {
    if (version === 1) throw new TypeError("proxyProtocol: the path of a UNIX socket needs version 2");
    return binary(PROXY, 0x31, concat(pathBytes(from), pathBytes(to)));
  }
  if (typeof from === "string" || typeof to === "string" || from.family !== to.family)
    throw new TypeError(
      "proxyProtocol: source and destination must both be IPv4, IPv6 or paths of UNIX sockets",
    );
  if (version === 1)
    return text(
      `PROXY ${from.family === "IPv4" ? "TCP4" : "TCP6"} ${from.address} ${to.address} ${from.port} ${to.port}\r\n`,
    );
  const ports = new DataView(new ArrayBuffer(4));
  ports.setUint16(0, from.port);
  ports.setUint16(2, to.port);
  const block = concat(addressBytes(from.address), addressBytes(to.address), new Uint8Array(ports.buffer));
  return binary(PROXY, from.family === "IPv4" ? 0x11 : 0x21, block);
}

function binary(command: number, protocol: number, block: Uint8Array): Uint8Array {
  const fixed = new Uint8Array(FIXED_LENGTH);
  fixed.set(SIGNATURE);
  fixed.set([command, protocol, block.length >> 8, block.length & 255], SIGNATURE.length);
  return concat(fixed, block);
}

/**
 * Returns a checked address. An IPv4 address in the notation of IPv6, as Node has it for some sockets, becomes IPv4. The zone
 * of a link-local address has no place in a header.
 */
function checked(name: string, address: Address): Address {
  if (typeof address === "string") {
    if (Buffer.byteLength(address) >= PATH_LENGTH)
      throw new RangeError(`proxyProtocol.${name} must be a path of at most ${PATH_LENGTH - 1} bytes`);
    return address;
  }
  const { address: host, port }: Partial<SocketAddress> = address ?? {};
  if (typeof host !== "string" || isIP(host) === 0)
    throw new TypeError(`proxyProtocol.${name}.address must be an IP address, not ${String(host)}`);
  if (!(Number.isInteger(port) && port !== undefined && port >= 0 && port <= 65_535))
    throw new RangeError(`proxyProtocol.${name}.port must be a port from 0 to 65535, not ${String(port)}`);
  const plain = host.replace(/%.*$/, "");
  const unmapped = /^::ffff:([\d.]+)$/i.exec(plain)?.[1] ?? plain;
  return { address: unmapped, port, family: isIPv4(unmapped) ? "IPv4" : "IPv6" };
}

function addressBytes(address: string): Uint8Array {
  if (isIPv4(address)) return Uint8Array.from(address.split("."), Number);
  // The end of an IPv6 address may be written as IPv4.
  const groups = address.replace(/[\d.]+$/, (end) => {
    if (!isIPv4(end)) return end;
    const [a = 0, b = 0, c = 0, d = 0] = addressBytes(end);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [before = "", after] = groups.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const tail = after ?? [];
  const zeros = new Array<string>(8 - before.length - tail.length).fill("0");
  const values = [...before, ...zeros, ...tail].map((group) => Number.parseInt(group, 16));
  return Uint8Array.from(values.flatMap((value) => [value >> 8, value & 255]));
}

function pathBytes(path: string): Uint8Array {
  return concat(text(path), new Uint8Array(PATH_LENGTH - Buffer.byteLength(path)));
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
