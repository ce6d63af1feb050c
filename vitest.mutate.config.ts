import { defineConfig } from "vitest/config";
import type { Reporter, Vitest } from "vitest/node";
import config from "./vitest.config.ts";

const { projects: _projects, ...test } = config.test ?? {};
const chosen = (process.env.AMPWIRE_MUTATE_TESTS ?? "test/core").split(",");

/**
 * Tests that take many seconds, because they repeat a case at every byte or with megabytes. They would run for nearly every
 * mutant, and other tests have the same cases once.
 */
const SLOW = ["leftovers", "cut", "backlog", "rotation"].map((name) => `test/node/starttls/${name}.test.ts`);

/**
 * Makes a test file that cannot be loaded an error of the run. StrykerJS looks at tests only: it would count a mutant that no
 * test file survives as one that no test notices.
 */
class LoadErrors implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(...[modules]: Parameters<NonNullable<Reporter["onTestRunEnd"]>>): void {
    for (const error of modules.flatMap((module) => module.errors()))
      this.#vitest?.state.catchError(error, "Load Error");
  }
}

/** The tests that share one process, in the folders and files that scripts/mutate.mjs chooses. */
export default defineConfig({
  ...config,
  test: {
    ...test,
    include: chosen.map((path) => (path.endsWith(".ts") ? path : `${path}/**/*.test.ts`)),
    exclude: SLOW,
    isolate: false,
    reporters: ["default", new LoadErrors()],
    // A mutant that makes a test wait is found sooner than by the limits of `npm test`.
    testTimeout: 10_000,
    env: { AMPWIRE_LONGEST_WAIT_MS: "6000" },
  },
});
