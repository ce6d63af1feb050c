/** The option `--timeout`, in seconds. */
import { UsageError } from "../cli-error.ts";

export const timeoutFlag = {
  timeout: { type: "string", value: "SECONDS", help: "limit each step; 0 disables the limit (default 30)" },
} as const;

/** Maximum of a timer in seconds (24.8 days). A timer with a longer delay would fire at once. */
const MAX_TIMER_SECONDS = 2 ** 31 / 1000;

/** @returns milliseconds, or undefined for no limit. @throws UsageError */
export function timeoutOf({ timeout = "30" }: { readonly timeout?: string }): number | undefined {
  const seconds = Number(timeout);
  if (timeout.trim() === "" || !(seconds >= 0)) {
    throw new UsageError(`--timeout ${JSON.stringify(timeout)} must be a number of seconds, 0 or more`);
  }
  return seconds === 0 || seconds >= MAX_TIMER_SECONDS ? undefined : seconds * 1000;
}
