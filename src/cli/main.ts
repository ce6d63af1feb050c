#!/usr/bin/env node
/** Entry point of the command `ampwire`. */
import { toCliError } from "./cli-error.ts";
import { Terminal } from "./print/terminal.ts";
import { runProgram } from "./program.ts";
import { writeFailure } from "./write-failure.ts";

const args = process.argv.slice(2);

// The process that reads standard error may end first. A server must survive that.
process.stderr.on("error", () => {});

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A reader such as `head` may close the pipe before the output ends. That is not an error.
  if (error.code === "EPIPE") process.exit(0);
  new Terminal(args.includes("--json")).printError(toCliError(writeFailure("standard output", error)));
  process.exit(1);
});

process.exitCode = await runProgram(args);
