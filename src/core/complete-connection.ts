/** A connection with everything that the core has. */
import { BaseConnection } from "./connection/connection.ts";
import type { ConnectionOptions } from "./connection/options.ts";
import { boxReceiver } from "./features/box-receiver.ts";
import { boxTimeout } from "./features/box-timeout.ts";
import { liveness } from "./features/liveness.ts";
import { protocolChanges } from "./features/protocol-change/driver.ts";
import { serving } from "./serving/make-serving.ts";
import type { Clock, Transport } from "./transport.ts";

const EVERYTHING = [protocolChanges, boxReceiver, boxTimeout, liveness];

/** AMP over any transport. Programs get theirs from `connect`, `listen` or `attach`. */
export class Connection extends BaseConnection {
  /** @throws TypeError, RangeError for options that make no sense */
  constructor(transport: Transport, clock: Clock, options: ConnectionOptions = {}) {
    super(transport, clock, options, serving, EVERYTHING);
  }
}
