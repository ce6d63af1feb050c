/** The protocol between a child process and the harness: a line of JSON for each request and for each response. */
import { createInterface } from "node:readline";

export function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/**
 * Serves requests one after the other: `{ do: name, ... }` calls `actions[name]` and writes its result. Ends the process
 * at the end of the input.
 */
export async function answerRequests(actions) {
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    try {
      say((await actions[request.do](request)) ?? {});
    } catch (error) {
      say({ error: error instanceof Error ? error.stack : String(error) });
    }
  }
  process.exit(0);
}
