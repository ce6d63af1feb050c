/** A worker of `trial -j`, unchanged, as a child process: AMP goes over its descriptors 3 and 4. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { locator } from "ampwire";
import { attachChild, type NodeConnection } from "ampwire/node";
import * as commands from "./commands.ts";

export type Outcome =
  | "passed"
  | "failed"
  | "error"
  | "skipped"
  | "failed as expected"
  | "passed unexpectedly";

export interface Result {
  readonly test: string;
  readonly outcome: Outcome;
  /** What went wrong, or why it was not to be expected otherwise. */
  readonly reason?: string;
}

export interface WorkerOptions {
  readonly python: string;
  /** Where the tests are found, beside what Python has installed. */
  readonly path: string;
  /** Where the worker works. */
  readonly directory: string;
  readonly onResult: (result: Result) => void;
  /** Hears what the tests log. */
  readonly onLog?: (text: string) => void;
}

export class TrialWorker {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #connection: NodeConnection;

  private constructor(options: WorkerOptions) {
    this.#child = spawn(options.python, ["-m", "twisted.trial._dist.workertrial"], {
      stdio: ["ignore", "inherit", "inherit", "pipe", "pipe"],
      env: { ...process.env, PYTHONPATH: options.path },
    });
    this.#connection = attachChild(this.#child, {
      childReads: 3,
      childWrites: 4,
      locator: manager(options),
    });
    this.#exited = once(this.#child, "exit").catch(() => {}); // that it was not started, the first call says
  }

  static async start(options: WorkerOptions): Promise<TrialWorker> {
    const worker = new TrialWorker(options);
    await worker.#connection.callRemote(commands.Start, { directory: options.directory });
    return worker;
  }

  /** Runs a test, or all of a class or module. Every result has been told when this resolves. */
  async run(testCase: string): Promise<void> {
    await this.#connection.callRemote(commands.Run, { testCase });
  }

  /** Lets the worker go, and waits until it has gone. */
  async close(): Promise<void> {
    await this.#connection.close();
    await this.#exited;
  }
}

/** What the worker asks while it runs tests. */
function manager({ onResult, onLog }: WorkerOptions) {
  const noted = (result: Result) => {
    onResult(result);
    return { success: true };
  };
  return locator(
    commands.AddSuccess.responder(({ testName: test }) => noted({ test, outcome: "passed" })),
    commands.AddFailure.responder(({ testName: test, fail, failClass }) =>
      noted({ test, outcome: "failed", reason: `${failClass}: ${fail}` }),
    ),
    commands.AddError.responder(({ testName: test, error, errorClass }) =>
      noted({ test, outcome: "error", reason: `${errorClass}: ${error}` }),
    ),
    commands.AddSkip.responder(({ testName: test, reason }) => noted({ test, outcome: "skipped", reason })),
    commands.AddExpectedFailure.responder(({ testName: test, todo }) =>
      noted({ test, outcome: "failed as expected", reason: todo }),
    ),
    commands.AddUnexpectedSuccess.responder(({ testName: test, todo }) =>
      noted({ test, outcome: "passed unexpectedly", reason: todo }),
    ),
    commands.TestWrite.responder(({ out }) => {
      onLog?.(out);
      return { success: true };
    }),
  );
}
