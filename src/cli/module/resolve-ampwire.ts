/**
 * Resolves imports of `ampwire` to this package, as a hook of Node's module loader. So a module needs no installation of
 * its own, and its commands are instances of the classes that this process uses.
 *
 * Before Node 22.15 the loader runs hooks in a thread of its own, which loads this file once more.
 */
import { fileURLToPath } from "node:url";

type NextResolve = (specifier: string, context: object) => unknown;

export function resolve(specifier: string, context: object, nextResolve: NextResolve): unknown {
  const path = entryPoints[specifier];
  return nextResolve(path === undefined ? specifier : new URL(path, import.meta.url).href, context);
}

/** Entry points relative to this file. The sources have the ending `.ts`. */
const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
const entryPoints: Readonly<Record<string, string>> = {
  ampwire: `../../index.${ending}`,
  "ampwire/node": `../../node/index.${ending}`,
  "ampwire/websocket": `../../websocket/index.${ending}`,
  "ampwire/websocket/client": `../../websocket/client/index.${ending}`,
  "ampwire/nats": `../../nats/index.${ending}`,
  "ampwire/testing": `../../testing/index.${ending}`,
};

/** Returns paths of the entry points for jiti, longest names first, because jiti matches prefixes. */
export function aliases(): Record<string, string> {
  const urls = Object.entries(entryPoints).map(([name, path]) => [
    name,
    fileURLToPath(new URL(path, import.meta.url)),
  ]);
  return Object.fromEntries(urls.reverse());
}
