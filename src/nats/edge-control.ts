/** Asks of a worker to an edge, about the connection of one client. */
import { targetOf } from "./call-service.ts";
import { NatsCaller } from "./caller.ts";
import { Close, Destroy, Join, Leave } from "./control.ts";
import type { Link } from "./link.ts";
import type { NatsOptions } from "./options.ts";
import { tokenOf } from "./subjects.ts";

/** Name of an ask. */
export type ControlName = "join" | "leave" | "close" | "destroy";

/** Arguments of an ask. */
export interface ControlArguments {
  readonly topic?: string | undefined;
  /** Milliseconds for `close`; undefined and `Infinity` for no limit. */
  readonly timeout?: number | undefined;
}

/**
 * Asks the edge of a client to do something with its connection.
 * @param client `EDGE.ID`
 * @throws InvalidSignature for a topic that cannot be part of a subject; NoReceiver if the client has disconnected
 */
export async function controlClient(
  link: Link,
  service: string,
  options: NatsOptions,
  client: string,
  what: ControlName,
  { topic = "", timeout }: ControlArguments = {},
): Promise<void> {
  const subject = `${service}.join.${client}`;
  const edge = new NatsCaller(
    link,
    targetOf(link.nats, options, undefined, () => subject),
  );
  if (what === "close") return void (await edge.callRemote(Close, { timeout }));
  if (what === "destroy") return void (await edge.callRemote(Destroy));
  tokenOf(topic); // the edge could only answer that it is invalid
  await edge.callRemote(what === "join" ? Join : Leave, { topic });
}
