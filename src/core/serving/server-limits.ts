/** Limits that all connections of one server share. */
import { checkPositive } from "../number-option.ts";
import { checkOptionNames } from "../option-names.ts";
import { SharedBudget, type SharedBudgets } from "./shared-budget.ts";

/**
 * Limits on what all connections of a server take together. At a limit, only connections that use more than an equal share are
 * restricted. Each is an option; `Infinity` disables it.
 */
export interface ServerLimits {
  /**
   * Weight in bytes of the asks in progress on all connections, see `maxBytesInProgress` of the connection's limits. At the
   * limit a connection that uses more than its share is not read, as at the limit of one connection. Default 256 MiB.
   */
  readonly maxBytesInProgress?: number | undefined;
  /**
   * Bytes written and not taken by the peers of all connections. At the limit a connection that uses more than its share is not
   * read, and is destroyed with LimitExceeded if its peer reads nothing for a second. Default 256 MiB.
   */
  readonly maxUnsentBytes?: number | undefined;
}

const DEFAULT_LIMIT = 256 * 1024 * 1024;

/**
 * Returns the budgets of a new server.
 * @throws RangeError for a limit that is not a positive number, TypeError for a limit that does not exist
 */
export function serverBudgets(given: ServerLimits = {}): SharedBudgets {
  checkOptionNames("serverLimits", given, ["maxBytesInProgress", "maxUnsentBytes"]);
  const { maxBytesInProgress = DEFAULT_LIMIT, maxUnsentBytes = DEFAULT_LIMIT } = given;
  checkPositive({
    "serverLimits.maxBytesInProgress": maxBytesInProgress,
    "serverLimits.maxUnsentBytes": maxUnsentBytes,
  });
  return { inProgress: new SharedBudget(maxBytesInProgress), unsent: new SharedBudget(maxUnsentBytes) };
}
