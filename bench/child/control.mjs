/** How a child talks with the harness: a line of JSON in, a line of JSON out. */
import { createInterface } from "node:readline";

export function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Serves requests one after the other: `{ do: name, ... }` is answered with what `actions[name]` comes to. */
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
