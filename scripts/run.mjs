/**
 * Runs other programs in the root of the repository. The scripts run before any package is installed, so this file
 * imports modules of Node only.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * Runs a program with the output of this process.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnSyncOptions} [options]
 * @returns {number} the exit code; 127 if the program cannot be started, 1 if a signal ended it
 */
export function run(command, args, options) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (error !== undefined) return 127;
  return status ?? 1;
}

/**
 * Runs a program and returns its output.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnSyncOptions} [options]
 * @returns {string} its standard output
 * @throws {Error} if it fails, with its standard error
 */
export function output(command, args, options) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    ...options,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${[command, ...args].join(" ")}: ${stderr.trim() || `code ${status}`}`);
  return stdout;
}

/**
 * Runs npm as `run` does.
 *
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnSyncOptions} [options]
 */
export function npm(args, options) {
  return run(...npmCommand(args), options);
}

/**
 * Runs npm as `output` does.
 *
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnSyncOptions} [options]
 */
export function npmOutput(args, options) {
  return output(...npmCommand(args), options);
}

/** Returns the command for the npm that started this process, if any: Windows cannot spawn `npm.cmd` by name. */
function npmCommand(args) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith("npm-cli.js") ? [process.execPath, [cli, ...args]] : ["npm", args];
}
