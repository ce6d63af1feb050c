import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { styleFor } from "../../src/cli/print/style.ts";

describe("colours", () => {
  beforeEach(() => {
    vi.stubEnv("NO_COLOR", undefined);
    vi.stubEnv("TERM", "xterm");
  });
  afterEach(() => vi.unstubAllEnvs());

  test("colours are used on a terminal", () => {
    expect(styleFor({ isTTY: true }).red("no")).toBe("\u001b[31mno\u001b[39m");
  });

  test("colours are not used for a file or a pipe", () => {
    expect(styleFor({}).red("no")).toBe("no");
  });

  test("colours are not used if NO_COLOR is set and not empty", () => {
    vi.stubEnv("NO_COLOR", "0");
    expect(styleFor({ isTTY: true }).red("no")).toBe("no");
    vi.stubEnv("NO_COLOR", "");
    expect(styleFor({ isTTY: true }).red("no")).not.toBe("no");
  });

  test("colours are not used on a terminal without colours", () => {
    vi.stubEnv("TERM", "dumb");
    expect(styleFor({ isTTY: true }).red("no")).toBe("no");
  });
});
