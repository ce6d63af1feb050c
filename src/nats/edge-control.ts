/** Asks of a worker to an edge, about the connection of one client. */
import { targetOf } from "./call-service.ts";
import { NatsCaller } from "./caller.ts";
import { Close, Destroy, Join, Leave } from "./control.ts";
import type { Link } from "./link.ts";
import type { NatsOptions } from "./options.ts";
import { tokenOf } from "./subjects.ts";

/** Name of an ask. */
export type ControlName = "join" | "leave" | "close" | "destroy";

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
  topic = "",
): Promise<void> {
  const subject = `${service}.join.${client}`;
  const edge = new NatsCaller(
    link,
    targetOf(link.nats, options, undefined, () => subject),
  );
  if (what === "close" || what === "destroy")
    return void (await edge.callRemote(what === "close" ? Close : Destroy));
  tokenOf(topic); // the edge could only answer that it is invalid
  await edge.callRemote(what === "join" ? Join : Leave, { topic });
}
