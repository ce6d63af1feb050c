/** Terminals for the tests of pages: each runs one shell command at a time and keeps its output. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { python } from "./twisted.ts";

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
    const child = spawn("bash", ["-c", `exec 2>&1\n${commands}`], {
      cwd: this.#folder,
      env: { ...process.env, NO_COLOR: "1", AMPWIRE_PYTHON: python },
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

  /** Returns the next lines, or fewer if the commands end before. */
  async read(count: number): Promise<string> {
    while (this.#unread.split("\n").length <= count && this.isRunning) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
    const lines = this.#unread.split("\n");
    this.#unread = lines.slice(count).join("\n");
    return lines.slice(0, count).join("\n");
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
    if (this.#child?.pid !== undefined && this.isRunning) interrupt(this.#child.pid);
    return await this.finish();
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }
}

/** Sends SIGINT to a process group, if it has not ended: Node may learn of the end of several processes one after another. */
function interrupt(group: number): void {
  try {
    process.kill(-group, "SIGINT");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
