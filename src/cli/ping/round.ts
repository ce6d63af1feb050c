/** One round of `ping`: opens a connection, makes a call, and measures each step. */
import { HEARTBEAT_COMMAND, TLSRequired, UnhandledCommand, UnknownRemoteError } from "../../index.ts";
import type { NodeConnection, SentProxyHeader, TLSOptions } from "../../node/index.ts";
import type { Address } from "../net/address.ts";
import { openConnection } from "../net/open.ts";

export interface RoundOptions {
  readonly tls: TLSOptions;
  readonly starttls: boolean;
  readonly timeout: number | undefined;
  readonly proxyProtocol: SentProxyHeader | undefined;
  /** Makes the call. Undefined: of a command that no peer has, which every AMP peer answers with an error at once. */
  readonly request?:
    | { ask(connection: NodeConnection, timeout: number | undefined): Promise<unknown> }
    | undefined;
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
  { tls, starttls, timeout, proxyProtocol, request }: RoundOptions,
  onAnswer: (connection: NodeConnection) => void,
): Promise<Times> {
  let connection: NodeConnection | undefined;
  try {
    const connect = await timed(async () => {
      connection = await openConnection(address, { tls, timeout, proxyProtocol });
    });
    if (connection === undefined) throw new Error("the opened connection is missing");
    const opened: NodeConnection = connection;
    const upgrade = starttls ? await timed(() => opened.startTLS({ timeout })) : undefined;
    const call = await timed(async () => {
      if (request === undefined) await callUnknownCommand(opened, timeout);
      else await request.ask(opened, timeout);
    });
    onAnswer(opened);
    return { connect, ...(upgrade === undefined ? {} : { upgrade }), call };
  } finally {
    connection?.destroy();
  }
}

/** Errors with which a peer answers an unknown command, or a command in plaintext. */
export const ANSWERED = [UnhandledCommand, UnknownRemoteError, TLSRequired];

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
