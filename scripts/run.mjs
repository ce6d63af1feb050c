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
 * npm, by way of the npm that started us where there is one, since Windows cannot spawn `npm.cmd` by its name.
 *
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnSyncOptions} [options]
 */
export function npm(args, options) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith("npm-cli.js")
    ? run(process.execPath, [cli, ...args], options)
    : run("npm", args, options);
}
