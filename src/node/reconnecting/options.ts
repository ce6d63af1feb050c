/** Options of `reconnecting`. */
import type { StartTLSOptions } from "../../core/command/types.ts";
import type {
  ReconnectingBaseOptions as CoreBaseOptions,
  ConnectionOpener as CoreConnectionOpener,
  SetupContext as CoreSetupContext,
  ReconnectingStateChange as CoreStateChange,
} from "../../core/reconnecting/options.ts";
import type { ConnectOptions } from "../connect.ts";
import type { NodeConnection } from "../connection.ts";

/** A change of the client's state. */
export type ReconnectingStateChange = CoreStateChange<NodeConnection>;
/** A function of the program that opens the connections, in place of an address. */
export type ConnectionOpener = CoreConnectionOpener<NodeConnection>;
/** Context of `onConnection`. */
export type SetupContext = CoreSetupContext<ServerAddress>;

/** Behavior of a reconnecting client, for all kinds of addresses. */
export interface ReconnectingBaseOptions extends CoreBaseOptions<NodeConnection, ServerAddress> {
  /**
   * Start TLS on every connection before anything else, with these options. Calls are queued until TLS is established, so
   * no call is sent in plaintext, and `onConnection` runs inside TLS. Default: no TLS.
   */
  readonly startTLS?: StartTLSOptions | undefined;
}

/** The address of one server: a TCP port, or the path of a UNIX socket. */
export interface ServerAddress {
  /** Host name or IP address. Default `localhost`. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** Path of a UNIX socket, in place of a port. */
  readonly path?: string | undefined;
  /** Name in the certificate of this server, in place of `serverName` of `startTLS` or, with `implicitTLS`, of `tls`. */
  readonly serverName?: string | undefined;
}

/** Looks up SRV records. A `Resolver` of `node:dns/promises` is one. */
export interface ServiceResolver {
  resolveSrv(name: string): Promise<
    readonly {
      readonly name: string;
      readonly port: number;
      readonly priority: number;
      readonly weight: number;
    }[]
  >;
}

/** A service whose servers are looked up in DNS. */
export interface ServiceName {
  /** Name of the SRV records, for example `_amp._tcp.example.com`. */
  readonly name: string;
  /** Default: the DNS servers of the system. */
  readonly resolver?: ServiceResolver | undefined;
}

/** The servers of a client that connects to one of several. */
type Servers =
  | {
      /**
       * Addresses of servers with the same service. The client shuffles the list, then tries the addresses in turn; those that
       * have failed in the last minute come last. One attempt tries each address once: `backoff` is the delay after all of them
       * have failed, or after a connection has ended.
       */
      readonly addresses: readonly ServerAddress[];
    }
  | {
      /**
       * Name of SRV records that name the servers, for example `_amp._tcp.example.com`. They are looked up for each attempt and
       * tried in the order of RFC 2782: by priority, and at random by weight among those of equal priority. If the look-up
       * fails for a time, the records of the last one are used. Set `serverName` to the name that your program trusts, because
       * an attacker may forge an answer of DNS.
       */
      readonly srv: string | ServiceName;
    };

/** The options of `connect` without the address of a single server. */
type ConnectOptionsOfAll = Omit<Extract<ConnectOptions, { port: number }>, "host" | "port">;

/**
 * Options of {@link reconnecting}: the address as for `connect`, several addresses or a function that opens connections, and
 * the behavior. With `addresses` and `srv`, `connectTimeout` limits the time for each address and has the default 10,000.
 */
export type ReconnectingOptions = ReconnectingBaseOptions &
  (ConnectOptions | (Servers & ConnectOptionsOfAll) | ConnectionOpener);
