/** A short run of the properties of `npm run fuzz`: the stored inputs, and some new ones that are the same in each run. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
// biome-ignore lint/correctness/useImportExtensions: the file is a program, and TypeScript has only its types
import { corpusOf, properties } from "../fuzz/properties.mjs";

/** Another seed generates other inputs. */
const SEED = Number(process.env.AMPWIRE_SEED ?? 20_120_123);

/** Tests the property of this name with this number of inputs, and with those of its corpus. */
export function holds(name: string, numRuns: number): void {
  const property = properties.find((one) => one.name === name);
  if (property === undefined) throw new Error(`there is no property named ${name}`);
  const { promise, arbitrary, check } = property;
  test(promise, async () => {
    await fc.assert(
      fc.asyncProperty(arbitrary, async (input) => check(input)),
      { seed: SEED, numRuns },
    );
  });
  if (property.bytes !== true) return;
  test("the property holds for the stored inputs", async () => {
    const inputs = corpusOf(property);
    expect(inputs.length).toBeGreaterThan(0);
    for (const input of inputs) await check(input);
  });
}
