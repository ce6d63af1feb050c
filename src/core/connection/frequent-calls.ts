/** Preparation of connections with many calls, such as those of a server: each call then costs less. A page does not load it. */
import type { Call } from "../calls/pending-calls.ts";
import { TagWindow } from "../calls/tag-window.ts";
import { prediction } from "../wire/prediction.ts";
import { type BaseConnection, kernelOf } from "./connection.ts";

const newWindow = () => new TagWindow<Call>();

/** Prepares a connection that has made no call and received no box. */
export function expectFrequentCalls(connection: BaseConnection): void {
  const { calls, inbox } = kernelOf(connection);
  calls.pending.newTable = newWindow;
  inbox.reader.frame.fastPaths = prediction;
}
