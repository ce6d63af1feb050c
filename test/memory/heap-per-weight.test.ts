/** The memory of decoded boxes, compared with their weight. Measured in a process of its own. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { nodeProgram } from "../support/node-program.ts";

interface Measured {
  /** Memory for each byte of weight, by kind of box. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly megabytes: number;
}

async function measured(): Promise<Measured> {
  const program = await nodeProgram("heap-per-weight");
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--expose-gc",
    "--single-threaded",
    program,
  ]);
  // The program prints exactly this.
  return JSON.parse(stdout) as Measured;
}

test("a decoded box takes at most twice its weight for every codec, and at most 32 MB with the default limits", async () => {
  const { ratios, megabytes } = await measured();
  expect(Object.keys(ratios).length).toBeGreaterThan(150);
  expect(Object.entries(ratios).filter(([, ratio]) => !(ratio <= 2))).toEqual([]);
  expect(megabytes).toBeLessThan(32);
  // Smaller weights would do if no kind came near the limit.
  expect(Math.max(...Object.values(ratios))).toBeGreaterThan(1.5);
}, 120_000);
