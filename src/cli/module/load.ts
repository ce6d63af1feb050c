/**
 * Loads a TypeScript or JavaScript module of the user without a build step.
 *
 * Node is tried first: it strips types since 22.18. If Node cannot load the file, jiti does: for example TypeScript on
 * Node 20, an enum, an import of `./x.js` whose source is `./x.ts`. Node fails before it runs the module, so no code runs
 * twice.
 */
import { existsSync, statSync } from "node:fs";
import * as nodeModule from "node:module";
import { resolve as resolvePath } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { messageOf } from "../../core/errors/to-error.ts";
import { Failure, UsageError } from "../cli-error.ts";
import { aliases, resolve } from "./resolve-ampwire.ts";

export type ModuleExports = Readonly<Record<string, unknown>>;

/** @throws UsageError if the file does not exist or is a folder, Failure if it does not load */
export async function loadModule(file: string): Promise<ModuleExports> {
  const path = resolvePath(file);
  if (!existsSync(path))
    throw new UsageError(`cannot find ${file}`, "name a TypeScript or JavaScript module");
  if (statSync(path).isDirectory())
    throw new UsageError(
      `cannot load ${file}: it is a folder`,
      "name a TypeScript or JavaScript module in it",
    );
  hookOnce();
  try {
    return await settled(import(pathToFileURL(path).href));
  } catch (error) {
    if (!/\.[mc]?tsx?$/.test(path) || !nodeCannot(error)) throw doesNotLoad(file, error);
  }
  const loadTypeScript = await typeScriptLoader(file, path);
  try {
    return await settled(loadTypeScript(path));
  } catch (error) {
    throw doesNotLoad(file, error);
  }
}

/**
 * Waits for a module to load. If its top-level await never settles and nothing else is in progress, Node would end the process
 * without a message.
 */
async function settled(loading: Promise<ModuleExports>): Promise<ModuleExports> {
  let idle = () => {};
  const stuck = new Promise<never>((_, reject) => {
    idle = () => reject(new Error("its top-level await never settles"));
  });
  process.once("beforeExit", idle);
  try {
    return await Promise.race([loading, stuck]);
  } finally {
    process.off("beforeExit", idle);
  }
}

/** Returns true for the errors of a Node that cannot load this TypeScript file. */
function nodeCannot(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? error.code : undefined;
  const codes = [
    "ERR_UNKNOWN_FILE_EXTENSION",
    "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX",
    "ERR_INVALID_TYPESCRIPT_SYNTAX",
    "ERR_MODULE_NOT_FOUND",
    "ERR_UNSUPPORTED_DIR_IMPORT",
  ];
  return (typeof code === "string" && codes.includes(code)) || error instanceof SyntaxError;
}

async function typeScriptLoader(
  file: string,
  path: string,
): Promise<(path: string) => Promise<ModuleExports>> {
  try {
    const { createJiti } = await importJiti(path);
    const jiti = createJiti(import.meta.url, { fsCache: false, alias: aliases(), ...(await ownModules()) });
    return (path) => jiti.import<ModuleExports>(path);
  } catch (cause) {
    const hint = "run npm install --save-dev jiti in its project";
    throw new Failure(
      `Node ${process.versions.node} cannot load ${file} without the package jiti 2, which is not installed`,
      hint,
      { cause },
    );
  }
}

/**
 * Returns an option of jiti 2.7 with the modules of this package. jiti imports a path as if it were a URL: if the path of the
 * package has a character that URLs escape, for example in a folder `C#`, jiti would load a second copy of the package.
 */
async function ownModules(): Promise<{ readonly virtualModules?: Record<string, unknown> }> {
  if (!/[%#?]/.test(fileURLToPath(import.meta.url))) return {};
  return {
    virtualModules: {
      ampwire: await import("../../index.ts"),
      "ampwire/node": await import("../../node/index.ts"),
    },
  };
}

/** Imports jiti as a dependency of this package, or of the module's project if this package is installed globally. */
async function importJiti(path: string): Promise<typeof import("jiti")> {
  try {
    return await import("jiti");
  } catch {
    const found = nodeModule.createRequire(path).resolve("jiti");
    return await import(pathToFileURL(found).href);
  }
}

function doesNotLoad(file: string, cause: unknown): Failure {
  const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : messageOf(cause);
  return new Failure(`cannot load ${file}: ${reason}`, hintFor(reason), { cause });
}

/** Returns a hint for decorators: Node does not support them, and jiti only supports the legacy ones. */
function hintFor(reason: string): string | undefined {
  if (!/standard decorator|decorates methods|Invalid or unexpected token|SyntaxError.*@/.test(reason))
    return undefined;
  return "decorators need tsx: node --import tsx node_modules/ampwire/dist/cli/main.js ...; or use Sum.responder(function)";
}

let hooked = false;

function hookOnce(): void {
  if (hooked) return;
  hooked = true;
  // registerHooks exists since Node 22.15. The newest Nodes warn about the older `register`.
  const { registerHooks } = nodeModule as { registerHooks?: (hooks: { resolve: typeof resolve }) => void };
  if (registerHooks !== undefined) registerHooks({ resolve });
  else nodeModule.register(new URL(`./resolve-ampwire.${import.meta.url.slice(-2)}`, import.meta.url));
}
