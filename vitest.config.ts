import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(`src/${path}`, import.meta.url));

/**
 * Tests that leave nothing behind in their process, and talk to nobody but our own code: it is loaded once for all of
 * them. The others start programs, and what ends those belongs to one file.
 */
const INSIDE = ["core", "node", "properties", "testing", "websocket"].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

export default defineConfig({
  // Tests use standard decorators: vite 7 lowers them through esbuild, vite 8's compiler leaves them as they are.
  esbuild: { target: "es2022" },
  resolve: {
    // The package's own name means the sources, so that a test never runs against a stale build.
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
    // Processes and not threads: whoever starts a program hands it, for a moment, every socket of the process. A port that
    // another test has just closed would be taken still.
    pool: "forks",
    // Every core: by default one is left free, which on two is half of them.
    maxWorkers: "100%",
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
