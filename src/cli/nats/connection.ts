/** Connects to NATS. The packages are loaded when an address needs them. */
import { messageOf } from "../../core/errors/to-error.ts";
import { checkInboxPrefix } from "../../nats/subjects.ts";
import { Failure, UsageError } from "../cli-error.ts";
import type { Terminal } from "../print/terminal.ts";
import type { NatsAddress } from "./address.ts";

type Transport = typeof import("@nats-io/transport-node");
type AmpOverNats = typeof import("../../nats/index.ts");
export type NatsConnection = Awaited<ReturnType<Transport["connect"]>>;

export interface OpenedNats {
  readonly connection: NatsConnection;
  /** The entry point `ampwire/nats`. */
  readonly nats: AmpOverNats;
}

/** Options of every subcommand that connects to NATS. */
export const natsFlags = {
  inbox: {
    type: "string",
    value: "PREFIX",
    help: "receive answers from NATS on subjects with PREFIX (default _INBOX)",
  },
  "trust-network": {
    type: "boolean",
    help: "allow commands that require TLS over NATS without TLS",
  },
} as const;

/**
 * Refuses the options of NATS without an address of NATS.
 * @param needs what they need, for the message
 * @throws UsageError
 */
export function refuseNatsFlags(subcommand: string, flags: object, needs: string): void {
  const unused = Object.keys(natsFlags).find((name) => Object.hasOwn(flags, name));
  if (unused !== undefined)
    throw new UsageError(`${subcommand}: --${unused} needs ${needs}`, `omit --${unused}`);
}

/**
 * Connects to the server of an address.
 * @param timeout milliseconds, undefined for no limit
 * @param stays true: connect again whenever the connection breaks
 * @throws UsageError for an invalid inbox; Failure if the packages are not installed, or the server does not answer
 */
export async function openNats(
  address: NatsAddress,
  { inbox }: { readonly inbox?: string | undefined },
  timeout: number | undefined,
  stays = false,
): Promise<OpenedNats> {
  checkInbox(inbox);
  const [transport, nats] = await load();
  const { server, user, password } = address;
  try {
    const connection = await transport.connect({
      servers: server,
      name: "ampwire",
      maxReconnectAttempts: stays ? -1 : 0,
      ...(user !== undefined && { user }),
      ...(password !== undefined && { pass: password }),
      ...(timeout !== undefined && { timeout }),
    });
    return { connection, nats };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(
      `cannot connect to ${address.shown}: ${reason}`,
      "start a NATS server (the program nats-server), or check the address and the password",
      { code: "CONNECT_FAILED", cause },
    );
  }
}

/** @throws UsageError */
export function checkInbox(inbox: string | undefined): void {
  if (inbox === undefined) return;
  try {
    checkInboxPrefix(inbox);
  } catch (cause) {
    throw new UsageError(
      `--inbox ${JSON.stringify(inbox)} is not the beginning of a NATS subject`,
      "use words of letters and digits with dots between them, for example _INBOX_calc",
      { cause },
    );
  }
}

/**
 * Waits until a process that serves over NATS must stop, and prints when its connection breaks and comes back.
 * @param stopped resolves at a signal
 * @throws Failure if the connection is closed permanently: the process could serve nothing any more
 */
export async function serveUntil(
  stopped: Promise<void>,
  connection: NatsConnection,
  { shown }: NatsAddress,
  terminal: Terminal,
): Promise<void> {
  let isStopped = false;
  let isConnected = true;
  const closed = (async () => {
    for await (const { type } of connection.status()) {
      if (type === "disconnect" && isConnected)
        terminal.note(`the connection to ${shown} broke: connecting again`); // each attempt that fails has the same event
      else if (type === "reconnect") terminal.note(`connected to ${shown} again`);
      if (type === "disconnect" || type === "reconnect") isConnected = type === "reconnect";
    }
    const cause = await connection.closed();
    if (isStopped) return;
    throw new Failure(
      `the connection to ${shown} is closed${cause instanceof Error ? `: ${messageOf(cause)}` : ""}`,
      "check the user and the password of the NATS server, and start this process again",
      { code: "CONNECTION_LOST", cause },
    );
  })();
  await Promise.race([
    stopped.then(() => {
      isStopped = true;
    }),
    closed,
  ]);
}

async function load(): Promise<[Transport, AmpOverNats]> {
  try {
    return await Promise.all([import("@nats-io/transport-node"), import("../../nats/index.ts")]);
  } catch (cause) {
    throw new Failure(
      "NATS needs the packages @nats-io/transport-node and @nats-io/nats-core, which are not installed",
      "run npm install @nats-io/transport-node @nats-io/nats-core",
      { cause },
    );
  }
}
