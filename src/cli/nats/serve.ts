/** A worker on NATS, for `ampwire serve --nats`. */
import type { ResponderLocator } from "../../index.ts";
import { UsageError } from "../cli-error.ts";
import { waitForSignal } from "../net/wait-for-signal.ts";
import type { Terminal } from "../print/terminal.ts";
import { parseNatsAddress } from "./address.ts";
import type { NatsFlags } from "./calls.ts";
import { openNats } from "./connection.ts";

/** Flags of a server that listens. A worker has no port: its edges have the certificates. */
const LISTENING_FLAGS = [
  "listen",
  "workers",
  "proxy-from",
  "cert",
  "ca",
  "crl",
  "passphrase-file",
  "require-tls",
  "verbose",
];

/**
 * Serves until a signal arrives. @returns the exit code
 * @throws UsageError; Failure if NATS cannot be reached
 */
export async function serveNats(
  text: string,
  flags: NatsFlags & { readonly closeTimeout: number } & Readonly<Record<string, unknown>>,
  locator: ResponderLocator,
  onError: (error: unknown, about: { readonly command: string | undefined }) => void,
  terminal: Terminal,
): Promise<number> {
  const address = parseNatsAddress(text);
  const { service } = address;
  if (service === undefined)
    throw new UsageError(`serve: ${address.shown} has no service`, "use --nats nats://HOST:PORT/SERVICE");
  const unused = LISTENING_FLAGS.find((name) => flags[name] !== undefined);
  if (unused !== undefined)
    throw new UsageError(`serve: --${unused} has no effect on a worker on NATS`, `omit --${unused}`);
  const { connection, nats } = await openNats(address, flags, undefined, true);
  try {
    const worker = await nats.serve(connection, {
      service,
      locator,
      onError,
      inboxPrefix: flags.inbox,
      trustNetwork: flags["trust-network"],
    });
    const stopped = waitForSignal(); // before the line below, because its reader may send a signal at once
    terminal.printResult(
      { serving: service, nats: address.shown, id: worker.id },
      () => `serving ${address.shown}`,
    );
    await stopped;
    await worker.close({ timeout: flags.closeTimeout });
  } finally {
    await connection.close();
  }
  return 0;
}
