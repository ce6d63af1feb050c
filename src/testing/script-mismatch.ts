/** What a scripted peer says when something else came than its script expects. */
import { utf8Strict } from "../core/platform.ts";
import type { Box } from "../core/wire/box.ts";

/** Something else came than the script expects. The message shows both, line by line. */
export class ScriptMismatch extends Error {
  override readonly name = "ScriptMismatch";
  /** Both as text: test runners that know these two show them in their own way. */
  readonly expected: string;
  readonly actual: string;

  constructor(what: string, expected: readonly string[], actual: readonly string[]) {
    super([what, ...difference(expected, actual)].join("\n"));
    this.expected = expected.join("\n");
    this.actual = actual.join("\n");
  }
}

/** A box as lines, keys in order. */
export function linesOf(box: Box): string[] {
  return [...box].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}: ${valueText(value)}`);
}

/** Bytes as lines of hexadecimal digits. */
export function hexLines(bytes: Uint8Array): string[] {
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
  const lines: string[] = [];
  for (let at = 0; at < digits.length; at += 16) lines.push(digits.slice(at, at + 16).join(" "));
  return lines;
}

/** `-` is expected and did not come, `+` came and is not expected. */
function difference(expected: readonly string[], actual: readonly string[]): string[] {
  const lines: string[] = [];
  let next = 0;
  for (const line of expected) {
    const found = actual.indexOf(line, next);
    if (found < 0) {
      lines.push(`- ${line}`);
      continue;
    }
    lines.push(...actual.slice(next, found).map((extra) => `+ ${extra}`), `  ${line}`);
    next = found + 1;
  }
  return [...lines, ...actual.slice(next).map((extra) => `+ ${extra}`)];
}

/** Text in quotation marks where it is text, else hexadecimal digits. */
function valueText(value: Uint8Array): string {
  try {
    return JSON.stringify(utf8Strict.decode(value));
  } catch {
    return `hex ${hexLines(value).join(" ")}`;
  }
}
