/**
 * What a connection is made of. A part that moves others is given all of them, and looks at them only when it runs.
 *
 * What is given to others is a class with accessors on its prototype: an object literal with getters, made once for
 * each connection, is a dictionary to V8, and every look into it a search.
 */
import type { AmpConnection } from "../command/amp-connection.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { Clock, Transport } from "../transport.ts";
import type { Limits } from "../wire/limits.ts";
import type { BoxDeadline } from "./box-deadline.ts";
import type { ChangeDriver } from "./change-driver.ts";
import type { Input } from "./input.ts";
import type { Liveness } from "./liveness.ts";
import type { ConnectionOptions } from "./options.ts";
import type { Output } from "./output.ts";
import type { Standing } from "./standing.ts";

export interface Parts {
  readonly connection: AmpConnection;
  readonly options: ConnectionOptions;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly standing: Standing;
  readonly input: Input;
  readonly output: Output;
  readonly dispatcher: Dispatcher;
  readonly driver: ChangeDriver;
  /** Undefined where a box may take for ever. */
  readonly deadline: BoxDeadline | undefined;
  /** Undefined where nobody asked whether the peer is still there. */
  readonly liveness: Liveness | undefined;
}
