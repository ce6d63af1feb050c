/** Terminals for the tests of the tutorial: each runs one shell command at a time and keeps its output. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

export class Terminal {
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #closed: Promise<unknown> = Promise.resolve();
  #unread = "";
  #changed: () => void = () => {};

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts commands of `bash`. What ran before must have ended. */
  start(commands: string): void {
    const env = { ...process.env, NO_COLOR: "1" };
    const child = spawn("bash", ["-c", `exec 2>&1\n${commands}`], {
      cwd: this.#folder,
      env,
      stdio: ["ignore", "pipe", "inherit"],
      detached: true, // a process group of its own, which `stop` ends
    });
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#unread += text;
      this.#changed();
    });
    this.#closed = once(child, "close").then(() => this.#changed());
    this.#child = child;
  }

  /** Waits for exactly this text. Returns what was printed instead, if that is something else. */
  async read(expected: string): Promise<string> {
    while (this.#unread.length < expected.length && this.#isRunning) {
      const more = new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
      await more;
    }
    const found = this.#unread.slice(0, expected.length);
    this.#unread = found === expected ? this.#unread.slice(expected.length) : "";
    return found;
  }

  /** Waits until the commands have ended. Returns the output that was not read. */
  async finish(): Promise<string> {
    await this.#closed;
    const unread = this.#unread;
    this.#unread = "";
    return unread;
  }

  /** Ends the commands as Ctrl+C does. Returns the output that was not read. */
  async stop(): Promise<string> {
    if (this.#child?.pid !== undefined && this.#isRunning) process.kill(-this.#child.pid, "SIGINT");
    return await this.finish();
  }

  get #isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }
}
