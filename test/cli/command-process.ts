/** The command as a process that goes on until it is told to stop. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { builtCommand } from "../support/built.ts";

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

/** Ends with the test, if not before. */
export async function startCommand(...words: readonly string[]): Promise<CommandRun> {
  const child = spawn(process.execPath, [await builtCommand(), ...words], { cwd: root });
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
