/** What both ends of the soak know. */
import { bytes, command, integer, unicode } from "ampwire";

export class Declared extends Error {}

/** Answered at once. */
export const Sum = command("Sum", {
  arguments: { a: integer(), b: integer() },
  response: { total: integer() },
});
/** Answered after a while, with what was sent. */
export const Echo = command("Echo", {
  arguments: { data: bytes(), delay: integer() },
  response: { data: bytes() },
});
/** Answered with a declared error. */
export const Fail = command("Fail", { arguments: { text: unicode() }, errors: { DECLARED: Declared } });
/** The responder calls Sum back so many times before it answers. */
export const CallBack = command("CallBack", {
  arguments: { count: integer() },
  response: { total: integer() },
});
/** The server cuts the connection instead of answering. */
export const Cut = command("Cut", {});
/** What the server has measured since the last time. */
export const Report = command("Report", {
  response: { served: integer(), heapMB: integer(), stallMs: integer(), connections: integer() },
});
