/** How the conversation is printed. */
import { inspect } from "node:util";

export function title(text) {
  console.log(`\n${text}\n${"-".repeat(text.length)}`);
}

/** Who says what. */
export function say(who, text, value) {
  const shown = value === undefined ? "" : ` ${inspect(value)}`;
  console.log(`${who.padEnd(10)}${text}${shown}`);
}
