/** Commands shared by the client and the server of the soak. */
import { bytes, command, integer, listOf, unicode } from "ampwire";

export class Declared extends Error {}

/** Answered at once. */
export const Sum = command("Sum", {
  arguments: { a: integer(), b: integer() },
  response: { total: integer() },
});
/** Answered with the same bytes after `delay` milliseconds. */
export const Echo = command("Echo", {
  arguments: { data: bytes(), delay: integer() },
  response: { data: bytes() },
});
/** Answered with a declared error. */
export const Fail = command("Fail", { arguments: { text: unicode() }, errors: { DECLARED: Declared } });
/** The responder calls Sum back `count` times before it answers. */
export const CallBack = command("CallBack", {
  arguments: { count: integer() },
  response: { total: integer() },
});
/** Answered after about a second with the number of items. Hostile peers call it, for what it keeps in memory meanwhile. */
export const Items = command("Items", {
  arguments: { items: listOf(bytes()) },
  response: { count: integer() },
});
/** The server cuts the connection instead of answering. */
export const Cut = command("Cut", {});
/** Figures of the server since the last Report. */
export const Report = command("Report", {
  response: { served: integer(), heapMB: integer(), stallMs: integer(), connections: integer() },
});
