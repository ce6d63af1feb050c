/** Serves the page's commands on one WebSocket. */
import { locator } from "ampwire";
import { attach, type WebSocketLike } from "ampwire/websocket";
import { CallBack, Divide, Sum, ZeroDivisionError } from "./commands.ts";

const responders = locator(
  Sum.responder(({ a, b }) => ({ total: a + b })),
  Divide.responder(({ numerator, denominator }) => {
    if (denominator === 0) throw new ZeroDivisionError("division by zero");
    return { result: numerator / denominator };
  }),
  CallBack.responder(async ({ n }, { connection }) => {
    const calls = Array.from({ length: n }, (_, i) => connection.callRemote(Sum, { a: i, b: i }));
    const answers = await Promise.all(calls);
    return { total: answers.reduce((sum, { total }) => sum + total, 0) };
  }),
);

export function calculator(socket: WebSocketLike): void {
  attach(socket, { locator: responders });
}
