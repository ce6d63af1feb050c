/** An unchanged worker of `trial -j` as a child process, with AMP on its file descriptors 3 and 4. */
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
  /** Error text, or the reason for a skipped or expected failure. */
  readonly reason?: string;
}

export interface WorkerOptions {
  /** Path of the Python interpreter. */
  readonly python: string;
  /** Folder of the tests, added to Python's module path. */
  readonly path: string;
  /** Working directory of the worker. */
  readonly directory: string;
  readonly onResult: (result: Result) => void;
  /** Called with each line that the tests log. */
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
    this.#exited = once(this.#child, "exit").catch(() => {}); // if the process cannot start, the first call rejects
  }

  static async start(options: WorkerOptions): Promise<TrialWorker> {
    const worker = new TrialWorker(options);
    await worker.#connection.callRemote(commands.Start, { directory: options.directory });
    return worker;
  }

  /** Runs a test, or all tests of a class or module. Resolves after `onResult` was called for each. */
  async run(testCase: string): Promise<void> {
    await this.#connection.callRemote(commands.Run, { testCase });
  }

  /** Closes the connection, by which the worker exits, and waits for its exit. */
  async close(): Promise<void> {
    await this.#connection.close();
    await this.#exited;
  }
}

/** Responders for the commands that the worker calls while it runs tests. */
function manager({ onResult, onLog }: WorkerOptions) {
  const report = (result: Result) => {
    onResult(result);
    return { success: true };
  };
  return locator(
    commands.AddSuccess.responder(({ testName: test }) => report({ test, outcome: "passed" })),
    commands.AddFailure.responder(({ testName: test, fail, failClass }) =>
      report({ test, outcome: "failed", reason: `${failClass}: ${fail}` }),
    ),
    commands.AddError.responder(({ testName: test, error, errorClass }) =>
      report({ test, outcome: "error", reason: `${errorClass}: ${error}` }),
    ),
    commands.AddSkip.responder(({ testName: test, reason }) => report({ test, outcome: "skipped", reason })),
    commands.AddExpectedFailure.responder(({ testName: test, todo }) =>
      report({ test, outcome: "failed as expected", reason: todo }),
    ),
    commands.AddUnexpectedSuccess.responder(({ testName: test, todo }) =>
      report({ test, outcome: "passed unexpectedly", reason: todo }),
    ),
    commands.TestWrite.responder(({ out }) => {
      onLog?.(out);
      return { success: true };
    }),
  );
}
