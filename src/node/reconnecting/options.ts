/** What `reconnecting` takes. */
import type { StartTLSOptions } from "../../core/command/types.ts";
import type { ReconnectingClient as Client } from "../../core/reconnecting/client.ts";
import type {
  ReconnectingBaseOptions as Behaviour,
  ReconnectingStateChange as Change,
  ConnectionOpener as Way,
} from "../../core/reconnecting/options.ts";
import type { ConnectOptions } from "../connect.ts";
import type { NodeConnection } from "../connection.ts";

/** A client whose connections are Node's. */
export type ReconnectingClient = Client<NodeConnection>;
/** A new state of such a client. */
export type ReconnectingStateChange = Change<NodeConnection>;
/** How a program opens its connections itself. */
export type ConnectionOpener = Way<NodeConnection>;

/** What such a client does. */
export interface ReconnectingBaseOptions extends Behaviour<NodeConnection> {
  /**
   * Start TLS on every connection, before anything else; `onConnection` then runs inside TLS. Calls wait for it: none is
   * ever sent in plaintext.
   */
  readonly startTLS?: StartTLSOptions | undefined;
}

/** Where to, as for `connect`, and how. */
export type ReconnectingOptions = ReconnectingBaseOptions & (ConnectOptions | ConnectionOpener);
