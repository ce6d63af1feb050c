/** Loads the responders that a module exports. */
import { messageOf } from "../../core/errors/to-error.ts";
import { CommandResponder, locator, type ResponderLocator } from "../../index.ts";
import { Failure } from "../cli-error.ts";
import { loadModule } from "../module/load.ts";

/** @throws UsageError if the file does not exist, Failure if it does not load or exports no responders */
export async function loadResponders(file: string): Promise<ResponderLocator> {
  const exports = await loadModule(file);
  // A module may export one responder under two names.
  const values = [...new Set(Object.values(exports))];
  const sources = values.filter((value): value is object => isSource(value));
  if (sources.length > 0) return locatorOf(file, sources);
  throw new Failure(
    `${file} exports no responders`,
    "export Sum.responder(...), a locator(...), or an object with responder methods",
  );
}

/** @throws Failure for two responders of one command, and for an invalid name of a method */
function locatorOf(file: string, sources: readonly object[]): ResponderLocator {
  try {
    return locator(...sources);
  } catch (cause) {
    throw new Failure(`${file}: ${messageOf(cause)}`, "correct the exports of the module", { cause });
  }
}

function isSource(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof CommandResponder) return true;
  try {
    locator(value);
    return true;
  } catch {
    return false; // an export that has nothing to do with responders
  }
}
