#!/usr/bin/env node
/** Entry point of the command `ampwire`. */
import { toCliError } from "./cli-error.ts";
import { Terminal } from "./print/terminal.ts";
import { continuesWithoutReader, runProgram } from "./program.ts";
import { writeFailure } from "./write-failure.ts";

const args = process.argv.slice(2);

// The process that reads standard error may end first. A server must survive that.
process.stderr.on("error", () => {});

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") {
    // A reader such as `head` may close the pipe before the output ends. That is not an error.
    if (!continuesWithoutReader(args)) process.exit(0);
    return;
  }
  new Terminal(args.includes("--json")).printError(toCliError(writeFailure("standard output", error)));
  process.exit(1);
});

process.exitCode = await runProgram(args);
// A module of the user may keep the process alive, for example by a timer or by a connection to a database.
// An error of the last write is reported first.
process.stdout.write("", () => setImmediate(() => process.exit()));
