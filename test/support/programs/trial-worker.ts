/** A worker of trial: its manager spawns it. It reports an outcome for each test by the name of the test. */
import { locator } from "ampwire";
import { attachFileDescriptors } from "ampwire/node";
import * as commands from "../../../examples/trial-worker/commands.ts";

const done = { success: true };
const frames = ["test_fails", "sample_tests.py", "17"];
const failClass = "twisted.trial.unittest.FailTest";
const errorClass = "builtins.RuntimeError";

const connection = attachFileDescriptors(
  { readable: 3, writable: 4 },
  {
    locator: locator(
      commands.Start.responder(() => done),
      commands.Run.responder(async ({ testCase: testName }) => {
        await connection.callRemote(commands.TestWrite, { out: `running ${testName}` });
        await report(testName);
        return done;
      }),
    ),
  },
);

async function report(testName: string): Promise<unknown> {
  switch (testName.split("_").at(-1)) {
    case "fails":
      return connection.callRemote(commands.AddFailure, { testName, fail: "not in Node", failClass, frames });
    case "hasAnError":
      return connection.callRemote(commands.AddError, { testName, error: "café", errorClass, frames });
    case "isSkipped":
      return connection.callRemote(commands.AddSkip, { testName, reason: "not today" });
    case "failsAsExpected":
      return connection.callRemote(commands.AddExpectedFailure, { testName, error: "x", todo: "later" });
    case "passesUnexpectedly":
      return connection.callRemote(commands.AddUnexpectedSuccess, { testName, todo: "later" });
    default:
      return connection.callRemote(commands.AddSuccess, { testName });
  }
}
