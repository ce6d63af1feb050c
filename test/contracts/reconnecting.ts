/** Contract of every `reconnecting` function. */
import type { Connection } from "ampwire";
import type { Carrier } from "../support/reconnecting/carrier.ts";
import { callsContract } from "./reconnecting-calls.ts";
import { connectionContract } from "./reconnecting-connection.ts";

export function reconnectingContract<C extends Connection>(carrier: Carrier<C>): void {
  connectionContract(carrier);
  callsContract(carrier);
}
