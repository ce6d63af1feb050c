/** Commands with which a worker controls the connection of a client at its edge. */
import { float } from "../core/arguments/float.ts";
import { optional } from "../core/arguments/optional.ts";
import { unicode } from "../core/arguments/unicode.ts";
import { command } from "../core/command/command.ts";
import type { AnyCommand } from "../core/command/types.ts";
import { ConnectionClosed } from "../core/errors/transport.ts";
import { UNHANDLED_ERROR_CODE, UNKNOWN_ERROR_CODE } from "../core/errors/wire-codes.ts";
import { Box } from "../core/wire/box.ts";
import { frameOfBytes } from "../core/wire/frame-of.ts";
import { ANSWER, ASK, COMMAND, ERROR } from "../core/wire/protocol-keys.ts";
import { parseBoxes } from "../core/wire/reader.ts";
import type { EdgeClient } from "./edge-client.ts";
import type { EdgeTopics } from "./edge-topics.ts";
import { errorBox } from "./passed-on.ts";

/** Joins the client to a topic. */
export const Join = command("join", { arguments: { topic: unicode() }, idempotent: true });
/** Ends the effect of {@link Join}. */
export const Leave = command("leave", { arguments: { topic: unicode() }, idempotent: true });
/** Closes the client's connection: calls in progress finish, for `timeout` milliseconds at most. */
export const Close = command("close", { arguments: { timeout: optional(float()) }, idempotent: true });
/** Shows that the client is connected. */
export const Look = command("look", { idempotent: true });
/** Destroys the client's connection. */
export const Destroy = command("destroy", { idempotent: true });

const CONTROLS: ReadonlySet<string> = new Set([Join, Leave, Look, Close, Destroy].map(({ name }) => name));

/**
 * Serves one of these commands at the edge.
 * @param client undefined if it is not connected any more
 * @returns a function that makes the answer, after the server knows the subscription of a topic; undefined if the client has gone. `leave` needs no client: workers use it to see whether an edge exists
 * @throws MalformedAmpBox, InvalidSignature for a message that is none of these commands
 */
export function serveControl(
  data: Uint8Array,
  client: EdgeClient | undefined,
  topics: EdgeTopics,
): (() => Box) | undefined {
  const [box, ...more] = parseBoxes(data);
  const tag = box?.get(ASK) ?? new Uint8Array(0);
  // An answer may come here: any publisher chooses the subject on which its ask is answered.
  const isAsk = more.length === 0 && box?.has(ANSWER) === false && !box.has(ERROR);
  const name = isAsk ? box.text(COMMAND) : undefined;
  if (name === undefined || !CONTROLS.has(name))
    return () => errorBox(tag, UNHANDLED_ERROR_CODE, "an edge serves join, leave, look, close and destroy");
  const answer = new Box().set(ANSWER, tag);
  if (client === undefined) return name === Leave.name ? () => answer : undefined;
  if (name === Close.name) void client.connection.close({ timeout: timeoutOf(data) });
  else if (name === Destroy.name)
    client.connection.destroy(new ConnectionClosed("a worker has closed the connection"));
  else if (name !== Look.name) {
    const topic = topicOf(name === Join.name ? Join : Leave, data);
    if (name === Leave.name) topics.leave(client, topic);
    else {
      topics.join(client, topic);
      // The server may have rejected the subscription meanwhile; a client that has gone waits for nothing.
      return () =>
        topics.isNotPermitted(topic)
          ? errorBox(
              tag,
              UNKNOWN_ERROR_CODE,
              "the NATS server does not permit the edge to subscribe to the topic",
            )
          : answer;
    }
  }
  return () => answer;
}

/** @throws InvalidSignature */
function timeoutOf(data: Uint8Array): number | undefined {
  const { timeout } = Close.readArguments(frameOfBytes(data), undefined);
  return typeof timeout === "number" && timeout >= 0 ? timeout : undefined;
}

/** @throws InvalidSignature */
function topicOf(control: AnyCommand, data: Uint8Array): string {
  return String(control.readArguments(frameOfBytes(data), undefined).topic);
}
