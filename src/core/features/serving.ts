/** Serves what the peer asks. */
import type { ConnectionOptions } from "../connection/options.ts";
import type { Serving } from "../dispatch/dispatcher.ts";
import type { Host } from "../dispatch/host.ts";
import { Incoming } from "../dispatch/incoming.ts";
import type { ResponderLocator } from "../dispatch/locator.ts";

/** Not an empty `locator()`: a page that serves nothing would load all that locators can do. */
const nobody: ResponderLocator = { locateResponder: () => undefined };

export function serving(host: Host, { locator = nobody }: ConnectionOptions): Serving {
  return new Incoming(host, locator);
}
