/** Failures of writing a file. Every subcommand reports them alike, with exit code 1. */
import { messageOf } from "../core/errors/to-error.ts";
import { Failure } from "./cli-error.ts";

const hints: Readonly<Record<string, string>> = {
  ENOENT: "the folder does not exist: create it",
  EISDIR: "this is a folder: name a file",
  ENOSPC: "no space left: free some, or choose another folder",
};

export function writeFailure(path: string, cause: unknown): Failure {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const hint = hints[code] ?? "check the folder and its mode";
  return new Failure(`cannot write ${path}: ${messageOf(cause)}`, hint, {
    cause,
    ...(code !== "" && { code }),
  });
}
