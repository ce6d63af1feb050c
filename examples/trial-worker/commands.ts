/** What trial's manager and its workers ask each other: `twisted/trial/_dist/` of Twisted 22.4, as it is there. */
import { boolean, command, type Fields, listOf, unicode } from "ampwire";

function reported<const A extends Fields>(name: string, fields: A) {
  return command(name, { arguments: fields, response: { success: boolean() } });
}

// Asked by the manager: `workercommands.py`.

export const Start = reported("Start", { directory: unicode() });
export const Run = reported("Run", { testCase: unicode() });

// Asked by the worker: `managercommands.py`.

const testName = unicode();
const frames = listOf(unicode());

export const AddSuccess = reported("AddSuccess", { testName });
export const AddError = reported("AddError", { testName, error: unicode(), errorClass: unicode(), frames });
export const AddFailure = reported("AddFailure", { testName, fail: unicode(), failClass: unicode(), frames });
export const AddSkip = reported("AddSkip", { testName, reason: unicode() });
export const AddExpectedFailure = reported("AddExpectedFailure", {
  testName,
  error: unicode(),
  todo: unicode(),
});
export const AddUnexpectedSuccess = reported("AddUnexpectedSuccess", { testName, todo: unicode() });
export const TestWrite = reported("TestWrite", { out: unicode() });
