/** Runs the programs of examples/ on the built package, and reads their output. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { beforeAll, onTestFinished } from "vitest";
import { builtCommand } from "./built.ts";

beforeAll(builtCommand, 120_000);

/** A program that runs until it exits, or its test ends. */
export class Program {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<unknown>;
  readonly #unread: string[] = [];
  #complaints = "";
  #wake: () => void = () => {};

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args);
    this.#closed = once(this.#child, "close").then(() => this.#wake());
    this.#child.stdin.on("error", () => {}); // the program may have exited
    this.#child.stderr.on("data", (text: Buffer) => {
      this.#complaints += text;
    });
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      this.#unread.push(line);
      this.#wake();
    });
    onTestFinished(async () => {
      this.#child.kill("SIGKILL");
      await this.#closed;
    });
  }

  say(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Returns the next line of the output. */
  async line(): Promise<string> {
    for (;;) {
      const line = this.#unread.shift();
      if (line !== undefined) return line;
      if (this.#child.exitCode !== null) throw new Error(`the program has exited: ${this.#complaints}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Ends its input, and waits until it exits. */
  async end() {
    this.#child.stdin.end();
    await this.#closed;
    return { code: this.#child.exitCode, lines: this.#unread, complaints: this.#complaints };
  }
}

/** Starts a program of examples/. */
export function example(path: string, ...args: readonly (string | number)[]): Program {
  const file = fileURLToPath(new URL(`../../examples/${path}`, import.meta.url));
  return new Program(process.execPath, [file, ...args.map(String)]);
}
