/** `--timeout`, in seconds as people type it. */
import { UsageError } from "../cli-error.ts";

export const timeoutFlag = {
  timeout: { type: "string", value: "SECONDS", help: "for each step; 0 waits for ever (default 30)" },
} as const;

/** In seconds, what timers know: more than three weeks. One that is longer would fire at once. */
const FOR_EVER = 2 ** 31 / 1000;

/** @returns milliseconds, or undefined for no bound */
export function timeoutOf({ timeout = "30" }: { readonly timeout?: string }): number | undefined {
  const seconds = Number(timeout);
  if (timeout.trim() === "" || !(seconds >= 0)) {
    throw new UsageError(`--timeout ${JSON.stringify(timeout)} is no number of seconds`);
  }
  return seconds === 0 || seconds >= FOR_EVER ? undefined : seconds * 1000;
}
