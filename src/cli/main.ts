#!/usr/bin/env node
/** The command `ampwire`. */
import { toCliError } from "./cli-error.ts";
import { Terminal } from "./print/terminal.ts";
import { runProgram } from "./program.ts";

const words = process.argv.slice(2);

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough (`| head`) is no error of ours.
  if (error.code === "EPIPE") process.exit(0);
  new Terminal(words.includes("--json")).complain(toCliError(error));
  process.exit(1);
});

process.exitCode = await runProgram(words);
