import { relative } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type Reporter, type TestSpecification, type Vitest } from "vitest/node";
import config from "./vitest.config.ts";

const { projects: _projects, ...test } = config.test ?? {};
const chosen = (process.env.AMPWIRE_MUTATE_TESTS ?? "test/core").split(",");

/**
 * Tests that take many seconds, because they repeat a case at every byte or with megabytes. They would run for nearly every
 * mutant, and other tests have the same cases once.
 */
const SLOW = [
  ...["leftovers", "cut", "backlog", "rotation"].map((name) => `test/node/starttls/${name}.test.ts`),
  "test/testing/memory-transport.test.ts",
];

/** Tests that start programs of the build, which have no mutants. */
const PROGRAMS = [
  "certificates/side-effects",
  "child",
  "close",
  "generated-code",
  "listening",
  "starttls/no-descriptors",
].map((name) => `test/node/${name}.test.ts`);

/**
 * The order of the test files: those that noticed the mutants before, then the fastest. The first test that fails ends the run
 * of a mutant.
 */
class FastestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project, moduleId }: TestSpecification): number => {
      const key = `${project.name}:${relative(this.ctx.config.root, moduleId)}`;
      const result = this.ctx.cache.getFileTestResults(key);
      return result?.failed ? -1 : (result?.duration ?? 0);
    };
    return files.toSorted((a, b) => rank(a) - rank(b));
  }
}

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
    // As an Error: StrykerJS cannot show another object.
    for (const { message } of modules.flatMap((module) => module.errors()))
      this.#vitest?.state.catchError(new Error(message), "Load Error");
  }
}

/** The tests that share one process, in the folders and files that scripts/mutate.mjs chooses. */
export default defineConfig({
  ...config,
  test: {
    ...test,
    include: chosen.map((path) => (path.endsWith(".ts") ? path : `${path}/**/*.test.ts`)),
    exclude: [...SLOW, ...PROGRAMS],
    isolate: false,
    sequence: { sequencer: FastestFirst },
    reporters: ["default", new LoadErrors()],
    // A mutant that makes a test wait is found sooner than by the limits of `npm test`.
    testTimeout: 10_000,
    hookTimeout: 10_000,
    env: { AMPWIRE_LONGEST_WAIT_MS: "6000" },
  },
});
