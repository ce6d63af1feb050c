/** The terminals in which the pages are followed. */
import { tmpdir } from "node:os";
import { expect, onTestFinished, test, vi } from "vitest";
import { Terminal } from "../support/terminals.ts";

test("a terminal stops if its commands have ended before Node learns it", async () => {
  const terminal = new Terminal(tmpdir());
  terminal.start("echo done");
  const kill = vi.spyOn(process, "kill").mockImplementation(() => {
    throw Object.assign(new Error("kill ESRCH"), { code: "ESRCH" });
  });
  onTestFinished(() => kill.mockRestore());
  expect(await terminal.stop()).toBe("done\n");
  expect(kill).toHaveBeenCalledOnce();
});
