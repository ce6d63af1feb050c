/** Tests that need optional software. Without it they fail in CI; elsewhere they are skipped with a message. */
import { describe, it } from "vitest";

export interface Need {
  /** The name of the software, for messages. */
  readonly what: string;
  there(): boolean;
  /** The missing software and how to install it: a sentence without its full stop. */
  readonly missing: string;
}

export function describeWith(needs: readonly Need[], name: string, tests: () => void): void {
  const need = needs.find((one) => !one.there());
  if (need === undefined) {
    describe(name, tests);
  } else if (process.env.CI === "true") {
    describe(name, () => {
      it(`${need.what} is installed, because CI=true forbids to skip these tests`, () => {
        throw new Error(need.missing);
      });
    });
  } else {
    console.warn(`\n*** SKIPPED: ${name}. ${need.missing}\n`);
    describe.skip(name, tests);
  }
}
