/** Commands of trial's manager and workers, as in `twisted/trial/_dist/` of Twisted 22.4. */
import { boolean, command, type Fields, listOf, unicode } from "ampwire";

function commandWithSuccess<const A extends Fields>(name: string, fields: A) {
  return command(name, { arguments: fields, response: { success: boolean() } });
}

// Called by the manager: `workercommands.py`.

export const Start = commandWithSuccess("Start", { directory: unicode() });
export const Run = commandWithSuccess("Run", { testCase: unicode() });

// Called by the worker: `managercommands.py`.

const testName = unicode();
const frames = listOf(unicode());

export const AddSuccess = commandWithSuccess("AddSuccess", { testName });
export const AddError = commandWithSuccess("AddError", {
  testName,
  error: unicode(),
  errorClass: unicode(),
  frames,
});
export const AddFailure = commandWithSuccess("AddFailure", {
  testName,
  fail: unicode(),
  failClass: unicode(),
  frames,
});
export const AddSkip = commandWithSuccess("AddSkip", { testName, reason: unicode() });
export const AddExpectedFailure = commandWithSuccess("AddExpectedFailure", {
  testName,
  error: unicode(),
  todo: unicode(),
});
export const AddUnexpectedSuccess = commandWithSuccess("AddUnexpectedSuccess", { testName, todo: unicode() });
export const TestWrite = commandWithSuccess("TestWrite", { out: unicode() });
