/**
 * Mutation tests: `npm run mutate` (scripts/mutate.mjs) chooses the lines. Each mutant is a small change of the source that a
 * test should notice.
 */
const report = process.env.AMPWIRE_MUTATE_REPORT;

export default {
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner"],
  // Not `related`: nearly every test imports an entry point, and so every file. The script chooses the folders of tests.
  vitest: { configFile: "vitest.mutate.config.ts", related: false },
  mutator: {
    // Nearly all string literals are the texts of errors and names of options. That a message has a certain text is not a
    // promise, and a test that repeats it secures nothing. Codes and states are compared, and those comparisons are mutated.
    excludedMutations: ["StringLiteral"],
  },
  // One process: the tests use CPU time, ports and clocks that parallel runs would disturb.
  concurrency: 1,
  coverageAnalysis: "perTest",
  reporters: ["clear-text", "progress", ...(report === undefined ? [] : ["json"])],
  jsonReporter: { fileName: report ?? ".stryker-tmp/mutation.json" },
  clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false, reportTests: false },
  // A mutant that hangs is found after the time that its tests took at first, times the factor, and this time.
  timeoutMS: 10_000,
  timeoutFactor: 1.5,
  disableTypeChecks: false,
  // A change of a constant needs all tests of its part. The estimate of their time is no news.
  warnings: { slow: false },
  ignorePatterns: ["/dist", "/bench", "/docs", "/site", "/wireshark", "/.stryker-tmp"],
  tempDirName: ".stryker-tmp",
  thresholds: { high: 98, low: 98, break: null },
};
