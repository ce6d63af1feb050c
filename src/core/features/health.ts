/** Health of a server, for the probes of balancers and of Kubernetes. */
import { literal } from "../arguments/literal.ts";
import { optional } from "../arguments/optional.ts";
import { unicode } from "../arguments/unicode.ts";
import { command } from "../command/command.ts";
import type { CommandResponder } from "../command/responder.ts";
import { BaseConnection, kernelOf } from "../connection/connection.ts";
import { shownValue } from "../errors/shown-value.ts";

/** The command with which a probe asks a server for its health. `service` names a part of the server, if it has several. */
export const Health = command("ampwire.Health", {
  arguments: { service: optional(unicode()) },
  response: { status: literal("SERVING", "NOT_SERVING") },
  idempotent: true,
});

/**
 * Returns true, or a promise of true, if the server can serve calls now. Anything else means `NOT_SERVING`.
 * @param service the service that the probe has named
 */
export type HealthCheck = (service: string | undefined) => boolean | Promise<boolean>;

/** A caller that is not a connection of this process. */
interface Reporting {
  report(error: unknown, command: string): void;
}

function reporterOf(caller: object): Reporting | undefined {
  return "report" in caller && typeof caller.report === "function" ? (caller as Reporting) : undefined; // checked here
}

/**
 * Creates a responder for {@link Health}. It answers `NOT_SERVING` from the moment at which this end begins to close the
 * connection, and if `check` does not return true. An error of `check` means `NOT_SERVING` too, and is reported to `onError`.
 * @param check called for each probe. Default: always true, for every service
 */
export function health(check: HealthCheck = () => true): CommandResponder {
  if (typeof check !== "function")
    throw new TypeError(`health: the check must be a function, not ${shownValue(check)}`);
  return Health.responder(async ({ service }, { connection, closing }) => {
    let serves = false;
    try {
      serves = !closing.aborted && (await check(service)) === true;
    } catch (error) {
      if (connection instanceof BaseConnection) kernelOf(connection).report(error, Health.name);
      else reporterOf(connection)?.report(error, Health.name); // a caller over NATS
    }
    return { status: serves && !closing.aborted ? "SERVING" : "NOT_SERVING" };
  });
}
