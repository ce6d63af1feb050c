import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(`src/${path}`, import.meta.url));

/**
 * Tests without side effects on their process, which connect only to peers in this repository. They share one process and
 * load the code once. The other tests start programs, and each file must end its own.
 */
const INSIDE = ["core", "nats", "node", "properties", "testing", "websocket"].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

export default defineConfig({
  // Tests use standard decorators. vite 7 compiles them with esbuild, the compiler of vite 8 does not.
  esbuild: { target: "es2022" },
  resolve: {
    // The package name resolves to the sources, so that no test runs against an old build.
    alias: [
      { find: /^ampwire$/, replacement: source("index.ts") },
      { find: /^ampwire\/(.+)$/, replacement: source("$1/index.ts") },
    ],
  },
  test: {
    projects: [
      { extends: true, test: { name: "inside", include: INSIDE, isolate: false } },
      { extends: true, test: { name: "outside", include: ["test/**/*.test.ts"], exclude: INSIDE } },
    ],
    // Processes, not threads: a child process inherits every socket of its parent for a moment. A port that another test in
    // the same process has just closed would still be in use.
    pool: "forks",
    // By default vitest leaves one core free, which is half of the cores on a machine with two.
    maxWorkers: "100%",
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
