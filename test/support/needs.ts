/** Tests that need what not every machine has. In CI they fail without it, elsewhere they are skipped, and that is said. */
import { describe, it } from "vitest";

export interface Need {
  /** For messages. */
  readonly what: string;
  there(): boolean;
  /** What is not there, and how to come by it: a sentence without its full stop. */
  readonly missing: string;
}

export function describeWith(needs: readonly Need[], name: string, tests: () => void): void {
  const need = needs.find((one) => !one.there());
  if (need === undefined) {
    describe(name, tests);
  } else if (process.env.CI === "true") {
    describe(name, () => {
      it(`needs ${need.what}, and with CI=true may not be skipped`, () => {
        throw new Error(need.missing);
      });
    });
  } else {
    console.warn(`\n*** SKIPPED: ${name}. ${need.missing}\n`);
    describe.skip(name, tests);
  }
}
