/**
 * Loads a module of the user's, TypeScript or JavaScript, as it is.
 *
 * Node itself first: from 22.18 on it strips types. What it cannot load (any TypeScript on Node 20, an enum, an import of
 * `./x.js` that is `./x.ts`) jiti can. Node says so before it runs a line of the module, so nothing runs twice.
 */
import { existsSync } from "node:fs";
import * as nodeModule from "node:module";
import { resolve as resolvePath } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure, UsageError } from "../cli-error.ts";
import { aliases, resolve } from "./resolve-ampwire.ts";

export type ModuleExports = Readonly<Record<string, unknown>>;

/** @throws Misuse when there is no such file, Failure when it does not load */
export async function loadModule(file: string): Promise<ModuleExports> {
  const path = resolvePath(file);
  if (!existsSync(path))
    throw new UsageError(`there is no file ${file}`, "a TypeScript or JavaScript module");
  hookOnce();
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    if (!/\.[mc]?tsx?$/.test(path) || !nodeCannot(error)) throw doesNotLoad(file, error);
  }
  const loadTypeScript = await typeScriptLoader(file);
  try {
    return await loadTypeScript(path);
  } catch (error) {
    throw doesNotLoad(file, error);
  }
}

/** What Node says when it meets TypeScript that it does not know, or before it knew any. */
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

async function typeScriptLoader(file: string): Promise<(path: string) => Promise<ModuleExports>> {
  try {
    const { createJiti } = await import("jiti");
    const jiti = createJiti(import.meta.url, { fsCache: false, alias: aliases() });
    return (path) => jiti.import<ModuleExports>(path);
  } catch (cause) {
    const hint = "npm install jiti, or a Node from 22.18 on";
    throw new Failure(`this Node cannot load ${file} by itself, and jiti is not there`, hint, { cause });
  }
}

function doesNotLoad(file: string, cause: unknown): Failure {
  const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return new Failure(`${file} does not load: ${reason}`, hintFor(reason), { cause });
}

/** Decorators run nowhere as they are: Node knows none, and jiti only those of long ago. */
function hintFor(reason: string): string | undefined {
  if (!/standard decorator|decorates methods|Invalid or unexpected token|SyntaxError.*@/.test(reason))
    return undefined;
  return "decorators need tsx: node --import tsx node_modules/ampwire/dist/cli/main.js ...; or Sum.responder(function)";
}

let hooked = false;

function hookOnce(): void {
  if (hooked) return;
  hooked = true;
  // Since Node 22.15; the older way warns on the newest Nodes.
  const { registerHooks } = nodeModule as { registerHooks?: (hooks: { resolve: typeof resolve }) => void };
  if (registerHooks !== undefined) registerHooks({ resolve });
  else nodeModule.register(new URL(`./own-name.${import.meta.url.slice(-2)}`, import.meta.url));
}
