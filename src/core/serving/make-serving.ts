/** Serves what the peer asks. */

import type { AskReceiver } from "../calls/dispatcher.ts";
import type { Host } from "../calls/port.ts";

import type { ResponderLocator } from "./locator.ts";
import { Serving } from "./serving.ts";

/** Not an empty `locator()`: a page that serves nothing would load all that locators can do. */
const nobody: ResponderLocator = { locateResponder: () => undefined };

export function serving(
  host: Host,
  { locator = nobody }: { readonly locator?: ResponderLocator | undefined },
): AskReceiver {
  return new Serving(host, locator);
}
