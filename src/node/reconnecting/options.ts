/** Options of `reconnecting`. */
import type { StartTLSOptions } from "../../core/command/types.ts";
import type {
  ReconnectingBaseOptions as CoreBaseOptions,
  ConnectionOpener as CoreConnectionOpener,
  ReconnectingStateChange as CoreStateChange,
} from "../../core/reconnecting/options.ts";
import type { ConnectOptions } from "../connect.ts";
import type { NodeConnection } from "../connection.ts";

/** A change of the client's state. */
export type ReconnectingStateChange = CoreStateChange<NodeConnection>;
/** A function of the program that opens the connections, in place of an address. */
export type ConnectionOpener = CoreConnectionOpener<NodeConnection>;

/** Behavior of a reconnecting client, for all kinds of addresses. */
export interface ReconnectingBaseOptions extends CoreBaseOptions<NodeConnection> {
  /**
   * Start TLS on every connection before anything else, with these options. Calls are queued until TLS is established, so
   * no call is sent in plaintext, and `onConnection` runs inside TLS. Default: no TLS.
   */
  readonly startTLS?: StartTLSOptions | undefined;
}

/** Options of {@link reconnecting}: the address as for `connect` or a function that opens connections, and the behavior. */
export type ReconnectingOptions = ReconnectingBaseOptions & (ConnectOptions | ConnectionOpener);
