/** A connection with all features of the core: for the Node entry point, for tests, and for transports of a program's own. */
import { BaseConnection } from "./connection/connection.ts";
import type { FeatureSet } from "./connection/feature.ts";
import type { ConnectionOptions } from "./connection/options.ts";
import { boxReceiver } from "./features/box-receiver.ts";
import { boxTimeout } from "./features/box-timeout.ts";
import { goAway } from "./features/go-away.ts";
import { liveness } from "./features/liveness.ts";
import { protocolChanges } from "./features/protocol-change/driver.ts";
import { unsentWatch } from "./features/unsent-watch.ts";
import { CONNECTION_OPTIONS, checkOptionNames } from "./option-names.ts";
import { serving } from "./serving/serving.ts";
import type { SharedBudgets } from "./serving/shared-budget.ts";
import type { Clock, Transport } from "./transport.ts";

export const ALL_FEATURES: FeatureSet = [
  protocolChanges,
  boxReceiver,
  boxTimeout,
  liveness,
  unsentWatch,
  goAway,
];

/** AMP over any transport. `connect`, `listen` and `attach` create connections. */
export class Connection extends BaseConnection {
  /**
   * @param budgets limits that the connection shares with the others of its server
   * @throws TypeError, RangeError for invalid options
   */
  constructor(
    transport: Transport,
    clock: Clock,
    options: ConnectionOptions = {},
    budgets?: SharedBudgets | undefined,
  ) {
    // The class of a platform has options of its own, which its functions check.
    if (typeof transport?.start !== "function")
      throw new TypeError("connection: a Transport is needed, with the method start");
    if (new.target === Connection) checkOptionNames("connection", options, CONNECTION_OPTIONS);
    super(transport, clock, options, serving, ALL_FEATURES, budgets);
  }
}
