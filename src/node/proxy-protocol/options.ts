/** The option `proxyProtocol` of `listen`. */
import { BlockList, isIP, isIPv4, type Socket } from "node:net";
import { DescriptorsNotAvailable } from "../../core/errors/caller.ts";
import { checkNotNegative } from "../../core/number-option.ts";
import { checkOptionNames } from "../../core/option-names.ts";

/** Balancers that send a PROXY header of version 1 or 2 before the first byte of each connection. */
export interface ProxyProtocolOptions {
  /**
   * Addresses of the balancers: IP addresses, networks such as `10.0.0.0/8`, and `"unix"` for the processes that connect to a
   * UNIX socket. Connections from other addresses are closed. At least one is required, and each address should be that of a
   * balancer only: a peer at such an address can claim any address of its own.
   */
  readonly from: readonly string[];
  /**
   * Milliseconds from the connection to the end of its header. Later connections are closed. Default 5,000. The specification
   * recommends 3,000 at least, so that a lost packet can be sent again.
   */
  readonly timeout?: number | undefined;
}

export const DEFAULT_HEADER_TIMEOUT_MS = 5_000;

/** The entry of `from` for a UNIX socket. */
const UNIX = "unix";

/**
 * Checks the option, and returns a function that returns true for the socket of a balancer.
 * @throws TypeError, RangeError; DescriptorsNotAvailable with `descriptors`
 */
export function trustedBalancers(
  options: ProxyProtocolOptions,
  {
    path,
    port,
    descriptors,
  }: {
    readonly path?: string | undefined;
    readonly port?: number | undefined;
    readonly descriptors?: unknown;
  },
): (socket: Socket) => boolean {
  checkOptionNames("proxyProtocol", options, ["from", "timeout"]);
  const { from, timeout } = options;
  checkNotNegative({ "proxyProtocol.timeout": timeout });
  if (!Array.isArray(from) || from.length === 0)
    throw new TypeError(
      "proxyProtocol.from must be a list of the balancers' addresses, for example ['10.0.0.0/8']: any other peer could claim any address",
    );
  if (descriptors)
    throw new DescriptorsNotAvailable("a balancer passes no descriptors on: use proxyProtocol without them");
  const networks = new BlockList();
  for (const entry of from) if (entry !== UNIX) addNetwork(networks, entry);
  const trustsUnix = from.includes(UNIX);
  if (path !== undefined && !trustsUnix)
    throw new TypeError('proxyProtocol.from must contain "unix": the server listens at a UNIX socket');
  if (port !== undefined && from.every((entry) => entry === UNIX))
    throw new TypeError(
      "proxyProtocol.from must contain the IP address of a balancer: the server listens at a TCP port",
    );
  return ({ remoteAddress }) => {
    if (remoteAddress === undefined) return trustsUnix;
    const address = remoteAddress.replace(/%.*$/, ""); // the zone of a link-local address
    return isIP(address) !== 0 && networks.check(address, isIPv4(address) ? "ipv4" : "ipv6");
  };
}

/** @throws TypeError for an entry that is neither an address nor a network */
function addNetwork(networks: BlockList, entry: unknown): void {
  const [address = "", length, ...more] = typeof entry === "string" ? entry.split("/") : [];
  const version = isIP(address);
  const bits = version === 4 ? 32 : 128;
  const isLength = length === undefined || (/^(?:0|[1-9]\d{0,2})$/.test(length) && Number(length) <= bits);
  if (version === 0 || address.includes("%") || !isLength || more.length > 0)
    throw new TypeError(
      `proxyProtocol.from: ${JSON.stringify(entry)} must be an IP address, a network such as "10.0.0.0/8", or "unix"`,
    );
  const family = version === 4 ? "ipv4" : "ipv6";
  if (length === undefined) networks.addAddress(address, family);
  else networks.addSubnet(address, Number(length), family);
}
