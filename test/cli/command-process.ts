/** Runs the command as a process that continues until a signal stops it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { builtCommand } from "../support/built.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface CommandRun {
  /** Standard output so far. */
  readonly stdout: string;
  /** Standard error so far. */
  readonly stderr: string;
  /** Resolves when standard output matches. Rejects if the process ends first. */
  output(pattern: RegExp): Promise<RegExpMatchArray>;
  /** Resolves when standard error matches. Rejects if the process ends first. */
  errors(pattern: RegExp): Promise<RegExpMatchArray>;
  /** Closes the reading end of standard error. */
  closeStderr(): void;
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit code. */
  readonly exited: Promise<number | null>;
}

/** Starts the command. The process is killed when the test ends. */
export async function startCommand(...args: readonly string[]): Promise<CommandRun> {
  const child = spawn(process.execPath, [await builtCommand(), ...args], { cwd: root });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  let ended = false;
  let wake: (() => void)[] = [];
  const changed = () => {
    const waiting = wake;
    wake = [];
    for (const one of waiting) one();
  };
  child.stdout.on("data", (text: Buffer) => {
    stdout += text;
    changed();
  });
  child.stderr.on("data", (text: Buffer) => {
    stderr += text;
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
      if (ended) throw new Error(`the process ended without ${pattern}: ${stdout}${stderr}`);
      await new Promise<void>((resolve) => void wake.push(resolve));
    }
  };
  return {
    get stdout() {
      return stdout;
    },
    get stderr() {
      return stderr;
    },
    output: (pattern) => until(() => stdout, pattern),
    errors: (pattern) => until(() => stderr, pattern),
    closeStderr: () => child.stderr.destroy(),
    signal: (name) => void child.kill(name),
    exited,
  };
}
