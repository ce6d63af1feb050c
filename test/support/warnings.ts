/** Warnings of the process, for tests that must see each of them. */
import { vi } from "vitest";

/** A warning as `process.emitWarning` gets it. */
type Warning = Error & { readonly detail: string };

export interface CollectedWarnings {
  /** Returns the warnings since {@link collectWarnings}. */
  readonly warnings: () => Warning[];
  /** Emits warnings again. */
  readonly stop: () => void;
}

let now = Date.now();

/** Collects warnings instead of emitting them. The number of warnings in one second is limited, so each call begins another second. */
export function collectWarnings(): CollectedWarnings {
  now += 10_000;
  vi.useFakeTimers({ toFake: ["Date"], now });
  const emitted = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  return {
    warnings: () => emitted.mock.calls.map(([warning]) => warning as Warning), // ampwire passes an Error
    stop: () => {
      emitted.mockRestore();
      vi.useRealTimers();
    },
  };
}
