/** The option `--timeout`, in seconds. */
import { UsageError } from "../cli-error.ts";

export const timeoutFlag = {
  timeout: { type: "string", value: "SECONDS", help: "limit each step; 0 disables the limit (default 30)" },
} as const;

/** The option of everything that serves until a signal arrives. */
export const closeTimeoutFlag = {
  "close-timeout": {
    type: "string",
    value: "SECONDS",
    help: "after SIGTERM, wait for calls in progress at most SECONDS (default 30)",
  },
} as const;

const LONGEST_CLOSE_SECONDS = 1_000_000;

/** @returns milliseconds. @throws UsageError */
export function closeTimeoutOf(flags: { readonly "close-timeout"?: string }): number {
  return 1000 * parseSeconds("--close-timeout", flags["close-timeout"] ?? "30", LONGEST_CLOSE_SECONDS);
}

/** Maximum of a timer in seconds (24.8 days). A timer with a longer delay would fire at once. */
const MAX_TIMER_SECONDS = 2 ** 31 / 1000;

/** @returns milliseconds, or undefined for no limit. @throws UsageError */
export function timeoutOf({ timeout = "30" }: { readonly timeout?: string }): number | undefined {
  const seconds = parseSeconds("--timeout", timeout, Number.POSITIVE_INFINITY);
  return seconds === 0 || seconds >= MAX_TIMER_SECONDS ? undefined : seconds * 1000;
}

/** Parses a number of seconds. @param most the largest accepted number. @throws UsageError */
function parseSeconds(flag: string, text: string, most: number): number {
  const seconds = Number(text);
  if (text.trim() === "" || !(seconds >= 0 && seconds <= most))
    throw new UsageError(`${flag} ${JSON.stringify(text)} must be a number of seconds, 0 or more`);
  return seconds;
}
