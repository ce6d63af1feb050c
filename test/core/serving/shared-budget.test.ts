/** The limit on bytes that the connections of a server share, at its exact values. */
import { expect, test } from "vitest";
import { SharedBudget } from "../../../src/core/serving/shared-budget.ts";

test("at the limit, a connection with its share or more is restricted, and one with less is not", () => {
  const budget = new SharedBudget(100);
  for (let connection = 0; connection < 4; connection++) budget.join();
  budget.add(99);
  expect(budget.isExceededBy(99)).toBe(false);
  budget.add(1);
  expect([24, 25, 26].map((own) => budget.isExceededBy(own))).toEqual([false, true, true]);
});

test("when a connection leaves, the share of the others grows", () => {
  const budget = new SharedBudget(100);
  for (let connection = 0; connection < 4; connection++) budget.join();
  budget.add(100);
  budget.leave();
  budget.leave();
  expect([49, 50].map((own) => budget.isExceededBy(own))).toEqual([false, true]);
  budget.add(-1);
  expect(budget.isExceededBy(50)).toBe(false);
});
