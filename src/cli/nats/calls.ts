/** Calls to a service on NATS, for `ampwire call` and `ampwire ping`. */
import { HEARTBEAT_COMMAND, UnhandledCommand } from "../../index.ts";
import { mayCarrySecrets } from "../../nats/encryption.ts";
import type { CallTarget, Request } from "../call/request.ts";
import { Failure, UsageError } from "../cli-error.ts";
import { parseNatsAddress } from "./address.ts";
import { openNats } from "./connection.ts";

export interface NatsFlags {
  readonly inbox?: string | undefined;
  readonly "trust-network"?: boolean | undefined;
}

/** Flags of connections to a peer, which have no effect on NATS. */
const PEER_FLAGS = [
  "proxy-protocol",
  "starttls",
  "cert",
  "ca",
  "crl",
  "server-name",
  "insecure",
  "passphrase-file",
];

/** A person waits: the time for a worker that is being replaced. */
const PATIENCE_MS = 500;

export interface NatsService extends AsyncDisposable {
  /** Calls of the service. */
  readonly caller: CallTarget;
}

/**
 * @param patience milliseconds for which a call that was not executed is made again
 * @throws UsageError if the address has no service; Failure if NATS cannot be reached
 */
export async function openService(
  subcommand: string,
  text: string,
  flags: NatsFlags & Readonly<Record<string, unknown>>,
  timeout: number | undefined,
  patience = PATIENCE_MS,
): Promise<NatsService> {
  const address = parseNatsAddress(text);
  const { service } = address;
  if (service === undefined)
    throw new UsageError(`${subcommand}: ${address.shown} has no service`, "use nats://HOST:PORT/SERVICE");
  const unused = PEER_FLAGS.find((name) => flags[name] !== undefined);
  if (unused !== undefined)
    throw new UsageError(`${subcommand}: --${unused} has no effect on a call over NATS`, `omit --${unused}`);
  const { connection, nats } = await openNats(address, flags, timeout);
  const trustNetwork = flags["trust-network"] === true;
  const caller = nats.caller(connection, {
    service,
    inboxPrefix: flags.inbox,
    trustNetwork,
    patience,
  });
  return {
    caller: {
      callRemote: caller.callRemote.bind(caller),
      callRemoteString: caller.callRemoteString.bind(caller),
      get secure() {
        return mayCarrySecrets(connection, trustNetwork);
      },
    },
    async [Symbol.asyncDispose]() {
      await connection.drain(); // what was published has left
    },
  };
}

/** Times of one round in milliseconds. */
export interface NatsTimes {
  readonly connect: number;
  readonly call: number;
}

/** Connects and calls once. Without a request it calls an unknown command, which shows that a worker answers. */
export async function pingService(
  text: string,
  flags: NatsFlags & Readonly<Record<string, unknown>>,
  timeout: number | undefined,
  request: Request | undefined,
): Promise<NatsTimes> {
  const began = performance.now();
  // An unknown command is settled after the patience, which would be most of the time that is measured.
  const opened = await openService("ping", text, flags, timeout, request === undefined ? 0 : PATIENCE_MS);
  try {
    const connected = performance.now();
    if (request === undefined) await callUnknown(opened.caller, timeout);
    else await request.ask(opened.caller, timeout);
    return { connect: connected - began, call: performance.now() - connected };
  } finally {
    await opened[Symbol.asyncDispose]();
  }
}

async function callUnknown(caller: CallTarget, timeout: number | undefined): Promise<void> {
  try {
    await caller.callRemoteString(HEARTBEAT_COMMAND, undefined, { timeout });
  } catch (error) {
    if (error instanceof UnhandledCommand) return;
    throw new Failure(
      error instanceof Error ? error.message : String(error),
      "start a worker of the service",
      {
        cause: error,
      },
    );
  }
}
