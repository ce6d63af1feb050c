/** Listens at an address and serves AMP connections, with TLS from the first byte for `tls://`. */

import { messageOf } from "../../core/errors/to-error.ts";
import type { CloseOptions } from "../../index.ts";
import { type ListenOptions, listen, type ProxyProtocolOptions, type Server } from "../../node/index.ts";
import { trustedBalancers } from "../../node/proxy-protocol/options.ts";
import { UsageError } from "../cli-error.ts";
import { type Address, addressText } from "./address.ts";
import { listenFailure } from "./listen-failure.ts";

export interface Listening {
  /** The address, with the chosen port if port 0 was requested. */
  readonly address: string;
  /** Stops listening and closes the connections after their calls in progress. */
  close(options?: CloseOptions): Promise<void>;
}

/** The option of a server behind balancers. */
export const proxyFromFlag = {
  "proxy-from": {
    type: "string",
    multiple: true,
    value: "NETWORK",
    help: "require a PROXY header from balancers at this IP address, network, or unix; repeatable",
  },
} as const;

/** @throws UsageError for an invalid network */
export function proxyProtocolOf(
  flags: { readonly "proxy-from"?: readonly string[] | undefined },
  address: Address,
): ProxyProtocolOptions | undefined {
  const from = flags["proxy-from"];
  if (from === undefined) return undefined;
  try {
    trustedBalancers({ from }, address.kind === "unix" ? { path: address.path } : { port: address.port });
  } catch (cause) {
    const message = messageOf(cause).replace(/^proxyProtocol\.from:? /, "--proxy-from ");
    throw new UsageError(message, undefined, { cause });
  }
  return { from };
}

/** @throws Failure with a hint if the address is not available */
export async function listenAt(address: Address, options: ListenOptions): Promise<Listening> {
  try {
    const server = await listenOpen(address, options);
    const bound = server.address();
    return {
      address: addressText(
        address.kind === "unix" || typeof bound === "string" ? address : { ...address, port: bound.port },
      ),
      close: (closing) => server.close(closing),
    };
  } catch (error) {
    throw await listenFailure(address, error);
  }
}

function listenOpen(address: Address, options: ListenOptions): Promise<Server> {
  if (address.kind === "unix") return listen({ ...options, path: address.path });
  const { host, port, kind } = address;
  const { tls } = options;
  if (kind === "tls" && (!tls || typeof tls === "function" || tls.localCertificate === undefined)) {
    throw new UsageError(
      "tls:// needs a certificate",
      "use --cert FILE; ampwire certificate issue creates the file",
    );
  }
  return listen({ ...options, host, port, implicitTLS: kind === "tls" });
}
