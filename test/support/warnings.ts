/** Warnings of the process, for tests that must see each of them. */
import { vi } from "vitest";
import { reportError } from "../../src/core/connection/report.ts";
import { ephemeralCertificate } from "../../src/node/certificates/ephemeral.ts";

/** A warning as `process.emitWarning` gets it. */
type Warning = Error & { readonly detail: string };

export interface CollectedWarnings {
  /** Returns the warnings since {@link collectWarnings}. */
  readonly warnings: () => Warning[];
  /** Emits warnings again. */
  readonly stop: () => void;
}

// The process keeps it. A test with a later date must not be the first to need it.
ephemeralCertificate();

let now = Date.now();

/**
 * Collects warnings instead of emitting them. The number of warnings in one second is limited, so each call begins another second.
 * Before that, the warnings that the limit has dropped are counted: otherwise the first warning would have their number.
 */
export function collectWarnings(): CollectedWarnings {
  const emitted = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  now += 10_000;
  vi.useFakeTimers({ toFake: ["Date"], now });
  reportError(undefined, new Error("ends the count of other tests"), {
    command: undefined,
    connection: undefined,
  });
  emitted.mockClear();
  now += 10_000;
  vi.setSystemTime(now);
  return {
    warnings: () => emitted.mock.calls.map(([warning]) => warning as Warning), // ampwire passes an Error
    stop: () => {
      emitted.mockRestore();
      vi.useRealTimers();
    },
  };
}
