/**
 * Mutation tests: `npm run mutate` (scripts/mutate.mjs) chooses the files. Each mutant is a small change of the source that a
 * test should notice.
 */
export default {
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner"],
  vitest: { configFile: "vitest.mutate.config.ts", related: false },
  // One process: the tests use CPU time, ports and clocks that parallel runs would disturb.
  concurrency: 1,
  coverageAnalysis: "perTest",
  reporters: ["clear-text", "progress"],
  clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false, reportTests: false },
  // A mutant that hangs is found after this time beyond the time of the tests.
  timeoutMS: 10_000,
  timeoutFactor: 2,
  disableTypeChecks: false,
  ignorePatterns: ["/dist", "/bench", "/docs", "/site", "/wireshark", "/.stryker-tmp"],
  tempDirName: ".stryker-tmp",
  thresholds: { high: 98, low: 98, break: null },
};
