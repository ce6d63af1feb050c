/** One round of `ping`: opens a connection, calls a command that every peer answers, and measures each step. */
import { HEARTBEAT_COMMAND, TLSRequired, UnhandledCommand, UnknownRemoteError } from "../../index.ts";
import type { NodeConnection, TLSOptions } from "../../node/index.ts";
import type { Address } from "../net/address.ts";
import { openConnection } from "../net/open.ts";

export interface RoundOptions {
  readonly tls: TLSOptions;
  readonly starttls: boolean;
  readonly timeout: number | undefined;
}

/** Durations in milliseconds. */
export interface Times {
  readonly connect: number;
  readonly upgrade?: number;
  readonly call: number;
}

/** @param onAnswer called with the connection before it is closed */
export async function pingOnce(
  address: Address,
  { tls, starttls, timeout }: RoundOptions,
  onAnswer: (connection: NodeConnection) => void,
): Promise<Times> {
  let connection: NodeConnection | undefined;
  try {
    const connect = await timed(async () => {
      connection = await openConnection(address, { tls, timeout });
    });
    if (connection === undefined) throw new Error("the opened connection is missing");
    const opened: NodeConnection = connection;
    const upgrade = starttls ? await timed(() => opened.startTLS({ timeout })) : undefined;
    const call = await timed(() => callUnknownCommand(opened, timeout));
    onAnswer(opened);
    return { connect, ...(upgrade === undefined ? {} : { upgrade }), call };
  } finally {
    connection?.destroy();
  }
}

/** Errors with which a peer answers an unknown command, or a command in plaintext. */
const ANSWERED = [UnhandledCommand, UnknownRemoteError, TLSRequired];

/** Calls a command that no peer has: every AMP peer answers it with an error at once. */
async function callUnknownCommand(connection: NodeConnection, timeout: number | undefined): Promise<void> {
  try {
    await connection.callRemoteString(HEARTBEAT_COMMAND, undefined, { timeout });
  } catch (error) {
    if (!ANSWERED.some((errorClass) => error instanceof errorClass)) throw error;
  }
}

async function timed(step: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await step();
  return performance.now() - start;
}
