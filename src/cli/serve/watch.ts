/** Prints the calls and upgrades of a server on standard error, from the diagnostics channels. */
import { subscribe } from "node:diagnostics_channel";
import type { CallEvent, ChangeEvent } from "../../index.ts";
import { sessionText } from "../net/session.ts";
import type { Terminal } from "../print/terminal.ts";
import { shortText } from "../print/values.ts";
import { MAX_ERROR_CHARACTERS, MAX_VALUE_CHARACTERS } from "../traffic/limits.ts";

export function watchCalls(terminal: Terminal): void {
  const started = new WeakMap<CallEvent, number>();
  const report = (call: CallEvent, outcome: string) => {
    if (call.direction !== "incoming") return;
    const taken = performance.now() - (started.get(call) ?? performance.now());
    terminal.note(
      `${shortText(call.command, MAX_VALUE_CHARACTERS)}: ${shortText(outcome, MAX_ERROR_CHARACTERS)} (${taken.toFixed(1)} ms)`,
    );
  };
  on<CallEvent>("call:start", (call) => started.set(call, performance.now()));
  on<{ call: CallEvent }>("call:answer", ({ call }) => report(call, "answered"));
  on<{ call: CallEvent; error: unknown }>("call:error", ({ call, error }) => report(call, String(error)));
  on<{ change: ChangeEvent }>("change:done", ({ change }) => terminal.note(sessionText(change.connection)));
}

function on<Message>(name: string, receive: (message: Message) => void): void {
  subscribe(`ampwire:${name}`, (message) => receive(message as Message)); // src/node/diagnostics.ts publishes this type
}
