/** One ping: a connection of its own, a call that any peer answers, and how long each step took. */
import { HEARTBEAT_COMMAND, TLSRequired, UnhandledCommand, UnknownRemoteError } from "../../index.ts";
import type { NodeConnection, TLSOptions } from "../../node/index.ts";
import type { Address } from "../net/address.ts";
import { openConnection } from "../net/open.ts";

export interface RoundOptions {
  readonly tls: TLSOptions;
  readonly starttls: boolean;
  readonly timeout: number | undefined;
}

/** Milliseconds. */
export interface Times {
  readonly connect: number;
  readonly upgrade?: number;
  readonly call: number;
}

/** @param met is shown the connection, before it is closed */
export async function pingOnce(
  address: Address,
  { tls, starttls, timeout }: RoundOptions,
  met: (connection: NodeConnection) => void,
): Promise<Times> {
  let connection: NodeConnection | undefined;
  try {
    const connect = await timed(async () => {
      connection = await openConnection(address, { tls, timeout });
    });
    if (connection === undefined) throw new Error("a connection that was opened is there");
    const opened: NodeConnection = connection;
    const upgrade = starttls ? await timed(() => opened.startTLS({ timeout })) : undefined;
    const call = await timed(() => signOfLife(opened, timeout));
    met(opened);
    return { connect, ...(upgrade === undefined ? {} : { upgrade }), call };
  } finally {
    connection?.destroy();
  }
}

/** What a peer says of a command that it does not know, or not in plaintext. */
const SIGNS = [UnhandledCommand, UnknownRemoteError, TLSRequired];

/** No peer knows the command, so every peer answers at once: that it does not. */
async function signOfLife(connection: NodeConnection, timeout: number | undefined): Promise<void> {
  try {
    await connection.callRemoteString(HEARTBEAT_COMMAND, undefined, { timeout });
  } catch (error) {
    if (!SIGNS.some((sign) => error instanceof sign)) throw error;
  }
}

async function timed(step: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await step();
  return performance.now() - start;
}
