/** Prints the conversation. */
import { inspect } from "node:util";

export function title(text) {
  console.log(`\n${text}\n${"-".repeat(text.length)}`);
}

/** Prints a line of one participant. */
export function say(speaker, text, value) {
  const shown = value === undefined ? "" : ` ${inspect(value)}`;
  console.log(`${speaker.padEnd(10)}${text}${shown}`);
}
