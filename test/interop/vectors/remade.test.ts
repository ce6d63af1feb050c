/** The golden bytes are what the Twisted at hand does, and not what one did once. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { describeWithTwisted, python } from "../../support/twisted.ts";

describeWithTwisted("vectors", () => {
  it("are made again, and do not differ", () => {
    const script = fileURLToPath(new URL("../../../scripts/vectors.py", import.meta.url));
    const { stdout, stderr, status } = spawnSync(python, [script, "--check"], { encoding: "utf8" });
    expect({ stdout, stderr, status }).toEqual({ stdout: "", stderr: "", status: 0 });
  });
});
