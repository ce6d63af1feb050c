/** Finds what is wrong with a connection's options, before anything is opened for it and when it is made. */
import { checkNotNegative } from "../number-option.ts";
import { type Limits, resolveLimits } from "../wire/box-limits.ts";
import { checkHeartbeat } from "./heartbeat-options.ts";
import type { ConnectionOptions } from "./options.ts";

/**
 * @returns the limits, with the defaults where nothing is said
 * @throws RangeError, TypeError
 */
export function checkConnectionOptions(options: Omit<ConnectionOptions, "tls">): Limits {
  checkHeartbeat(options);
  checkNotNegative({ callTimeout: options.callTimeout });
  return resolveLimits(options.limits);
}
