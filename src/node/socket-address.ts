/** Addresses of sockets as programs give them: checked and normalized before they reach Node. */
import { withoutBrackets } from "./certificates/host-name.ts";

/** Longest path of a UNIX socket in bytes, by platform. The system needs one byte more for the end of the text. */
const MAX_PATH_BYTES: Readonly<Record<string, number>> = {
  linux: 107,
  android: 107,
  darwin: 103,
  freebsd: 103,
  openbsd: 103,
};

/** The address part of the options of `connect` and `listen`. */
interface GivenAddress {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly path?: string | undefined;
}

/**
 * Returns the options with a host that Node understands: `[::1]`, as `URL.hostname` has it, becomes `::1`.
 * @param what the function that has these options, for messages
 * @throws TypeError for a path with a host or a port: Node would ignore one of them
 * @throws RangeError for a path that is too long for a UNIX socket: Node 20 would cut it off without an error
 */
export function normalAddress<T extends GivenAddress>(what: string, options: T): T {
  const { host, port, localAddress, path } = options;
  if (path !== undefined) {
    if (host !== undefined || port !== undefined)
      throw new TypeError(
        `${what}: the options path and ${port === undefined ? "host" : "port"} exclude each other: use one of them`,
      );
    checkSocketPath(path);
  }
  const address: GivenAddress = {
    ...(host !== undefined && { host: withoutBrackets(host) }),
    ...(localAddress !== undefined && { localAddress: withoutBrackets(localAddress) }),
  };
  return { ...options, ...address };
}

/** True for the name of an abstract UNIX socket of Linux, which has no file. It begins with a zero byte. */
export function isAbstract(path: string): boolean {
  return path.startsWith("\0");
}

/** @throws TypeError for another value than a path, RangeError for a path that is too long for a UNIX socket */
export function checkSocketPath(path: unknown): void {
  if (typeof path !== "string" || path === "")
    throw new TypeError("the option path must be the path of a UNIX socket");
  const limit = MAX_PATH_BYTES[process.platform];
  const length = Buffer.byteLength(path);
  if (limit !== undefined && length > limit) {
    throw new RangeError(
      `the path of the UNIX socket has ${length} bytes; this system allows ${limit}: use a shorter path (${path.slice(0, 40)}...)`,
    );
  }
}
