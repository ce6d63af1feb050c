/** Connects to NATS. The packages are loaded when an address needs them. */
import { checkInboxPrefix } from "../../nats/subjects.ts";
import { Failure, UsageError } from "../cli-error.ts";
import type { NatsAddress } from "./address.ts";

type Transport = typeof import("@nats-io/transport-node");
type AmpOverNats = typeof import("../../nats/index.ts");
type NatsConnection = Awaited<ReturnType<Transport["connect"]>>;

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

function checkInbox(inbox: string | undefined): void {
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
