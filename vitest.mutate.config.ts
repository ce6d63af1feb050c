import { defineConfig } from "vitest/config";
import config from "./vitest.config.ts";

const { projects: _projects, ...test } = config.test ?? {};
const folders = (process.env.AMPWIRE_MUTATE_TESTS ?? "test/core").split(",");

/** The tests that share one process, in the folders that scripts/mutate.mjs chooses. */
export default defineConfig({
  ...config,
  test: { ...test, include: folders.map((folder) => `${folder}/**/*.test.ts`), isolate: false },
});
