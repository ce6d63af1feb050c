/** Limits that the attached WebSockets of a process share: on their memory, and on reports about their peers. */
import type { ConnectionOptions } from "../core/connection/options.ts";
import { reportError } from "../core/connection/report.ts";
import { LimitExceeded } from "../core/errors/caller.ts";
import { platformClock } from "../core/platform-clock.ts";
import { ReportLimiter } from "../core/serving/report-limiter.ts";
import { type ServerLimits, serverBudgets } from "../core/serving/server-limits.ts";
import type { SharedBudgets } from "../core/serving/shared-budget.ts";

/** The latest `onError` of `attach`. It receives the number of reports that were dropped. */
let latest: ConnectionOptions["onError"];
/** Strangers can open any number of WebSockets: violations of the protocol on those of all servers share a rate limit. */
const REPORTS = /* @__PURE__ */ new ReportLimiter(platformClock, (count) =>
  reportError(latest, new LimitExceeded(`${count} more violations of the protocol were not reported`), {
    command: undefined,
    connection: undefined,
  }),
);
/** Budgets by their limits: a program may create an equal object for each WebSocket. */
const budgets = /* @__PURE__ */ new Map<string, SharedBudgets>();

/** @throws RangeError, TypeError for invalid limits */
export function sharedBudgets(
  limits: ServerLimits | undefined,
  onError: ConnectionOptions["onError"],
): SharedBudgets {
  latest = onError;
  const made = { ...serverBudgets(limits), reports: REPORTS };
  const key = `${made.inProgress.limit} ${made.unsent.limit}`;
  const known = budgets.get(key) ?? made;
  budgets.set(key, known);
  return known;
}
