/** Checks the golden bytes against the installed Twisted. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { describeWithTwisted, python } from "../../support/twisted.ts";

describeWithTwisted("vectors", () => {
  it("the golden vectors are equal to those that the live Twisted makes now", () => {
    const script = fileURLToPath(new URL("../../../scripts/vectors.py", import.meta.url));
    const { stdout, stderr, status } = spawnSync(python, [script, "--check"], { encoding: "utf8" });
    expect({ stdout, stderr, status }).toEqual({ stdout: "", stderr: "", status: 0 });
  });
});
