/** The error of a scripted peer, and the texts of boxes and bytes in its message. */
import { utf8Strict } from "../core/platform.ts";
import type { Box } from "../core/wire/box.ts";

/** The peer received something other than the script expects. The message shows the difference line by line. */
export class ScriptMismatch extends Error {
  override readonly name = "ScriptMismatch";
  /** Expected and actual content as text. Many test runners show a difference of these two properties. */
  readonly expected: string;
  readonly actual: string;

  constructor(what: string, expected: readonly string[], actual: readonly string[]) {
    super([what, ...difference(expected, actual)].join("\n"));
    this.expected = expected.join("\n");
    this.actual = actual.join("\n");
  }
}

/** Returns a box as lines, sorted by key. */
export function linesOf(box: Box): string[] {
  return [...box].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}: ${valueText(value)}`);
}

/** Returns bytes as lines of 16 hexadecimal numbers. */
export function hexLines(bytes: Uint8Array): string[] {
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
  const lines: string[] = [];
  for (let at = 0; at < digits.length; at += 16) lines.push(digits.slice(at, at + 16).join(" "));
  return lines;
}

/** Returns the difference: `-` marks an expected line that is missing, `+` marks an unexpected line. */
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

/** Returns UTF-8 text in quotation marks, or hexadecimal digits for binary data. */
function valueText(value: Uint8Array): string {
  try {
    return JSON.stringify(utf8Strict.decode(value));
  } catch {
    return `hex ${hexLines(value).join(" ")}`;
  }
}
