/** Tests that `reconnecting` must pass over every kind of transport. */
import type { Connection } from "ampwire";
import { callsContract } from "./calls-contract.ts";
import type { Carrier } from "./carrier.ts";
import { connectionContract } from "./connection-contract.ts";

export function reconnectingContract<C extends Connection>(carrier: Carrier<C>): void {
  connectionContract(carrier);
  callsContract(carrier);
}
