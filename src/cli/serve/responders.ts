/** The responders that a module exports. */
import { CommandResponder, locator, type ResponderLocator } from "../../index.ts";
import { Failure } from "../cli-error.ts";
import { loadModule } from "../module/load.ts";

/** @throws Misuse, Failure when the module does not load or exports no responders */
export async function loadResponders(file: string): Promise<ResponderLocator> {
  const exports = await loadModule(file);
  // Twice the same: one export under two names.
  const values = [...new Set(Object.values(exports))];
  const sources = values.filter((value): value is object => isSource(value));
  if (sources.length > 0) return locator(...sources);
  throw new Failure(
    `${file} exports no responders`,
    "export const sum = Sum.responder(...), or a locator(...), or an object with responder methods",
  );
}

function isSource(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof CommandResponder) return true;
  try {
    locator(value);
    return true;
  } catch {
    return false; // an object without responders: something else that the module exports
  }
}
