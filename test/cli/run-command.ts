/** Runs the command as a process to its end, and returns its output. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { builtCommand } from "../support/built.ts";

export interface Outcome {
  readonly code: number | null;
  /** Standard output. */
  readonly out: string;
  /** Standard error. */
  readonly err: string;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export async function runCommand(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = spawn(process.execPath, [await builtCommand(), ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
  });
  child.stdin.on("error", () => {}); // the process may end without reading
  child.stdin.end(options.input);
  const [[code], out, err] = await Promise.all([
    once(child, "close"),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, out, err };
}

/** Runs the command with arguments that contain no spaces. */
export function ampwire(typed: string, options?: RunOptions): Promise<Outcome> {
  return runCommand(typed.split(" "), options);
}
