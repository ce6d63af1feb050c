/** Options of the NATS server in memory. What it does with messages is tested with `ampwire/nats`. */
import { type MemoryNatsOptions, memoryNats } from "ampwire/testing";
import { expect, test } from "vitest";

test.each<[unknown, string]>([
  [{ faults: () => ({ lose: true }) }, 'memoryNats: unknown option "faults" (did you mean "fault"?)'],
  [{ mayPublish: null }, "memoryNats: the option mayPublish must not be null"],
  [[], "memoryNats: the options must be an object, not an array of 0"],
])("memoryNats(%j) is refused", (options, message) => {
  // A JavaScript program may pass any value.
  expect(() => memoryNats(options as MemoryNatsOptions)).toThrow(new TypeError(message));
});

test("a further connection refuses the options of the server", () => {
  expect(() => memoryNats().connect({ maxPayload: 5 } as object)).toThrow(
    new TypeError('connect: unknown option "maxPayload"'),
  );
});
