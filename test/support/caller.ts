/** Callers of functions that reject, for tests of their stacks. */
import { expect } from "vitest";
import { rejection } from "./settled.ts";

/** Calls a function, and checks that it rejects with an error whose stack has the function that calls it. Returns the error. */
export async function settledAtCaller(run: () => Promise<unknown>): Promise<Error> {
  async function theCallerOfTheFunction() {
    return await run();
  }
  const error = await rejection(theCallerOfTheFunction());
  expect(error.stack).toContain("theCallerOfTheFunction");
  return error;
}
