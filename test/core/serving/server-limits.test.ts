/** The limits that the connections of a server share, as options. */
import { expect, test } from "vitest";
import { type ServerLimits, serverBudgets } from "../../../src/core/serving/server-limits.ts";

test("each limit of a server has its own budget, and 256 MiB by default", () => {
  const limits = (given?: ServerLimits) => {
    const { inProgress, unsent } = serverBudgets(given);
    return [inProgress.limit, unsent.limit];
  };
  const normal = 256 * 1024 * 1024;
  expect(limits()).toEqual([normal, normal]);
  expect(limits({ maxBytesInProgress: 5 })).toEqual([5, normal]);
  expect(limits({ maxUnsentBytes: Number.POSITIVE_INFINITY })).toEqual([normal, Number.POSITIVE_INFINITY]);
});

test.each<[ServerLimits, string]>([
  [{ maxBytesInProgress: 0 }, "serverLimits.maxBytesInProgress must be a positive number, not 0"],
  [{ maxUnsentBytes: -1 }, "serverLimits.maxUnsentBytes must be a positive number, not -1"],
  [{ maxUnsent: 1 } as object, 'serverLimits: unknown option "maxUnsent" (did you mean "maxUnsentBytes"?)'],
])("the limits %o of a server throw", (given, message) => {
  expect(() => serverBudgets(given)).toThrow(message);
});
