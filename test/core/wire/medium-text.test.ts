import { afterEach, describe, expect, test, vi } from "vitest";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

const BYTES = new TextEncoder().encode("\ufeffabcdefghijklmnopqrstuvwxyz é € 😀");

/** Returns `mediumText` of a platform with this global `Buffer`. */
async function mediumTextOf(
  buffer: unknown,
): Promise<typeof import("../../../src/core/wire/medium-text.ts").mediumText> {
  vi.resetModules();
  vi.stubGlobal("Buffer", buffer);
  return (await import("../../../src/core/wire/medium-text.ts")).mediumText;
}

describe("texts of medium size", () => {
  test("mediumText() decodes UTF-8 with the platform, and returns undefined for invalid bytes", async () => {
    const mediumText = await mediumTextOf(Buffer);
    expect(mediumText(BYTES, 0, BYTES.length)).toBe("\ufeffabcdefghijklmnopqrstuvwxyz é € 😀");
    expect(mediumText(BYTES, 3, 29)).toBe("abcdefghijklmnopqrstuvwxyz");
    expect(mediumText(BYTES, 0, BYTES.length - 1)).toBeUndefined();
  });

  const others: Readonly<Record<string, unknown>> = {
    "no Buffer": undefined,
    "a Buffer without the method": class {},
    "a Buffer that accepts only its own kind": class {
      utf8Slice(): string {
        throw new TypeError("not a Buffer");
      }
    },
    "a Buffer with other results": class {
      utf8Slice(): string {
        return "";
      }
    },
  };
  test.each(Object.keys(others))("unicode() decodes with TextDecoder on a platform with %s", async (name) => {
    const mediumText = await mediumTextOf(others[name]);
    expect(mediumText(BYTES, 0, BYTES.length)).toBeUndefined();
    const { unicode } = await import("../../../src/core/arguments/unicode.ts");
    expect(unicode().decode(BYTES)).toBe("\ufeffabcdefghijklmnopqrstuvwxyz é € 😀");
    expect(() => unicode().decode(BYTES.subarray(0, BYTES.length - 1))).toThrow(/not UTF-8/);
  });
});
