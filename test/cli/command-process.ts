/** The command as a process, made of the sources as they are. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, onTestFinished } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface CommandRun {
  /** Standard output so far. */
  readonly said: string;
  /** Standard error so far. */
  readonly complained: string;
  /** Resolves when it has said that, on standard output. Rejects when it ends before. */
  output(pattern: RegExp): Promise<RegExpMatchArray>;
  /** The same for standard error. */
  errors(pattern: RegExp): Promise<RegExpMatchArray>;
  signal(name: NodeJS.Signals): void;
  /** With its exit code. */
  readonly exited: Promise<number | null>;
}

let built: Promise<string> | undefined;

/** Ends with the test, if not before. */
export async function startCommand(...words: readonly string[]): Promise<CommandRun> {
  built ??= buildCommand();
  const child = spawn(process.execPath, [await built, ...words], { cwd: root });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  let complained = "";
  let ended = false;
  let wake: (() => void)[] = [];
  const changed = () => {
    const waiting = wake;
    wake = [];
    for (const one of waiting) one();
  };
  child.stdout.on("data", (text: Buffer) => {
    said += text;
    changed();
  });
  child.stderr.on("data", (text: Buffer) => {
    complained += text;
    changed();
  });
  const exited = once(child, "close").then(([code]) => {
    ended = true;
    changed();
    return code as number | null;
  });
  const until = async (text: () => string, pattern: RegExp) => {
    for (;;) {
      const found = text().match(pattern);
      if (found !== null) return found;
      if (ended) throw new Error(`it has ended without ${pattern}: ${said}${complained}`);
      await new Promise<void>((resolve) => void wake.push(resolve));
    }
  };
  return {
    get said() {
      return said;
    },
    get complained() {
      return complained;
    },
    output: (pattern) => until(() => said, pattern),
    errors: (pattern) => until(() => complained, pattern),
    signal: (name) => void child.kill(name),
    exited,
  };
}

/** Beside the dependencies, so that they are found; chunks where `module/load.ts` would be, which looks for its siblings. */
async function buildCommand(): Promise<string> {
  const cache = `${root}node_modules/.cache`;
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(`${cache}/ampwire-command-`);
  remove.push(folder);
  writeFileSync(`${folder}/package.json`, '{"type":"module","version":"0.0.0"}');
  await build({
    entryPoints: ["cli/main", "cli/module/load", "cli/module/own-name", "index", "node/index"].map(
      (name) => `${root}src/${name}.ts`,
    ),
    outdir: folder,
    outbase: `${root}src`,
    chunkNames: "cli/module/[name]-[hash]",
    bundle: true,
    splitting: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20",
    absWorkingDir: root,
    logLevel: "error",
  });
  return `${folder}/cli/main.js`;
}

const remove: string[] = [];
afterAll(() => {
  for (const folder of remove) rmSync(folder, { recursive: true, force: true });
});
