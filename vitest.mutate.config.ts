import { defineConfig } from "vitest/config";
import config from "./vitest.config.ts";

const { projects: _projects, ...test } = config.test ?? {};
const chosen = (process.env.AMPWIRE_MUTATE_TESTS ?? "test/core").split(",");

/**
 * Tests that take many seconds, because they repeat a case at every byte or with megabytes. They would run for nearly every
 * mutant, and other tests have the same cases once.
 */
const SLOW = ["leftovers", "cut", "backlog", "rotation"].map((name) => `test/node/starttls/${name}.test.ts`);

/** The tests that share one process, in the folders and files that scripts/mutate.mjs chooses. */
export default defineConfig({
  ...config,
  test: {
    ...test,
    include: chosen.map((path) => (path.endsWith(".ts") ? path : `${path}/**/*.test.ts`)),
    exclude: SLOW,
    isolate: false,
    // A mutant that makes a test wait is found sooner than by the limit of `npm test`.
    testTimeout: 10_000,
  },
});
