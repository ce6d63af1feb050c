import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { styleFor } from "../../src/cli/print/style.ts";

describe("colours", () => {
  beforeEach(() => {
    vi.stubEnv("NO_COLOR", undefined);
    vi.stubEnv("TERM", "xterm");
  });
  afterEach(() => vi.unstubAllEnvs());

  test("on a terminal", () => {
    expect(styleFor({ isTTY: true }).red("no")).toBe("\u001b[31mno\u001b[39m");
  });

  test("not into a file or a pipe", () => {
    expect(styleFor({}).red("no")).toBe("no");
  });

  test("not where NO_COLOR is set, to whatever it is; an empty one does not count", () => {
    vi.stubEnv("NO_COLOR", "0");
    expect(styleFor({ isTTY: true }).red("no")).toBe("no");
    vi.stubEnv("NO_COLOR", "");
    expect(styleFor({ isTTY: true }).red("no")).not.toBe("no");
  });

  test("not on a terminal that knows none", () => {
    vi.stubEnv("TERM", "dumb");
    expect(styleFor({ isTTY: true }).red("no")).toBe("no");
  });
});
