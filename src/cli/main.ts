#!/usr/bin/env node
/** The command `ampwire`. */
import { runProgram } from "./program.ts";

// A reader that has seen enough (`| head`) is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

process.exitCode = await runProgram(process.argv.slice(2));
