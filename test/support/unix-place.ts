/** Returns a path for a UNIX socket, which is removed after the test. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

export function unixPlace(): string {
  const folder = mkdtempSync(join(tmpdir(), "ampwire-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "socket");
}
