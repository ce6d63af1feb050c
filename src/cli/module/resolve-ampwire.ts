/**
 * Whatever a module imports as `ampwire` is this very package: so a module is found to export commands even where
 * ampwire is installed nowhere near it, and its commands are of the same classes as ours.
 *
 * A hook of Node's loader. It is loaded once more, into a thread of its own, where Node has no other way.
 */

type NextResolve = (specifier: string, context: object) => unknown;

export function resolve(specifier: string, context: object, nextResolve: NextResolve): unknown {
  const door = doors[specifier];
  return nextResolve(door === undefined ? specifier : new URL(door, import.meta.url).href, context);
}

/** From here; the sources have the ending `.ts`. */
const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
const doors: Readonly<Record<string, string>> = {
  ampwire: `../../index.${ending}`,
  "ampwire/node": `../../node/index.${ending}`,
  "ampwire/websocket": `../../websocket/index.${ending}`,
  "ampwire/websocket/client": `../../websocket/client/index.${ending}`,
  "ampwire/testing": `../../testing/index.${ending}`,
};

/** The same for a loader that wants paths; the longest names first. */
export function aliases(): Record<string, string> {
  const urls = Object.entries(doors).map(([name, door]) => [name, new URL(door, import.meta.url).pathname]);
  return Object.fromEntries(urls.reverse());
}
