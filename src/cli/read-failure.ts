/** Failures of reading a file that the command line names. Every subcommand reports them alike, with exit code 2. */
import { messageOf } from "../core/errors/to-error.ts";
import { UsageError } from "./cli-error.ts";

const hints: Readonly<Record<string, string>> = {
  ENOENT: "check the path",
  ENOTDIR: "check the path",
  EACCES: "no permission: check the mode and the owner of the file",
  EPERM: "no permission: check the mode and the owner of the file",
  EISDIR: "this is a folder: name a file",
};

/** @param hint default: a hint for the code of the error */
export function readFailure(path: string, cause: unknown, hint?: string): UsageError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return new UsageError(`cannot read ${path}: ${messageOf(cause)}`, hint ?? hints[code], {
    cause,
    ...(code !== "" && { code }),
  });
}
