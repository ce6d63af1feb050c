/**
 * Runs another program in the repository's root and waits for it. The scripts beside this one run before
 * anything is installed, which is why they import nothing but Node's own modules.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnSyncOptions} [options]
 * @returns {number} the exit code; 127 when the program could not be started, 1 when a signal ended it
 */
export function run(command, args, options) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (error !== undefined) return 127;
  return status ?? 1;
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnSyncOptions} [options]
 * @returns {string} what it prints
 * @throws {Error} when it fails, with what it has complained of
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
 * `run` of npm.
 *
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnSyncOptions} [options]
 */
export function npm(args, options) {
  return run(...npmCommand(args), options);
}

/**
 * `output` of npm.
 *
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnSyncOptions} [options]
 */
export function npmOutput(args, options) {
  return output(...npmCommand(args), options);
}

/** By way of the npm that started us where there is one, since Windows cannot spawn `npm.cmd` by its name. */
function npmCommand(args) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith("npm-cli.js") ? [process.execPath, [cli, ...args]] : ["npm", args];
}
