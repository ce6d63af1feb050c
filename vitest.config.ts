import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(`src/${path}`, import.meta.url));

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
    include: ["test/**/*.test.ts"],
    // A thread starts faster than a process, and no test needs a process of its own: peers are spawned.
    pool: "threads",
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
