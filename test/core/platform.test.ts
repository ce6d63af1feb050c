/** The globals of Node that a platform may lack. Each test loads the module again. */
import { afterEach, describe, expect, test, vi } from "vitest";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** Returns the module as it is on a platform with these globals. */
async function platformWith(
  globals: Readonly<Record<string, unknown>>,
): Promise<typeof import("../../src/core/platform.ts")> {
  vi.resetModules();
  for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
  return import("../../src/core/platform.ts");
}

/** Returns a `process` with other properties. The test runner uses the rest. */
function processWith(changed: object): object {
  const descriptors = Object.getOwnPropertyDescriptors(changed);
  return Object.create(globalThis.process, descriptors);
}

test.each([["with", Buffer] as const, ["without", undefined] as const])(
  "unfilledBytes() returns a plain Uint8Array that is all of its buffer on a platform %s Buffer",
  async (_, buffer) => {
    const { unfilledBytes } = await platformWith({ Buffer: buffer });
    const bytes = unfilledBytes(100);
    expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
    expect(bytes.buffer.byteLength).toBe(100);
  },
);

test("the lenient decoder replaces invalid bytes and keeps a byte order mark", async () => {
  const { utf8Lenient } = await platformWith({});
  expect(utf8Lenient.decode(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xff))).toBe("\ufeffa\ufffd");
});

describe("newAbortController()", () => {
  test("the signal may have any number of listeners", async () => {
    const setMaxListeners = vi.fn();
    const { newAbortController } = await platformWith({
      process: processWith({ getBuiltinModule: () => ({ setMaxListeners }) }),
    });
    const { signal } = newAbortController();
    expect(setMaxListeners).toHaveBeenCalledExactlyOnceWith(0, signal);
  });

  test.each<[string, unknown]>([
    ["no process", undefined],
    ["no built-in modules", processWith({ getBuiltinModule: undefined })],
    ["no module of events", processWith({ getBuiltinModule: () => undefined })],
  ])("a controller is returned on a platform with %s", async (_, process) => {
    const { newAbortController } = await platformWith({ process });
    const controller = newAbortController();
    controller.abort();
    expect(controller.signal.aborted).toBe(true);
  });
});

describe("warn()", () => {
  test("a warning on Node has the detail under its message, and the cause", async () => {
    const emitWarning = vi.fn();
    const { warn } = await platformWith({ process: processWith({ emitWarning }) });
    const cause = new RangeError("no");
    warn("message", "detail", cause);
    expect(emitWarning).toHaveBeenCalledOnce();
    expect(emitWarning.mock.calls[0]?.[0]).toMatchObject({
      name: "AmpwireWarning",
      message: "message",
      detail: "detail",
      stack: "AmpwireWarning: message\ndetail",
      cause,
    });
  });

  test.each<[string, unknown]>([
    ["no process", undefined],
    ["no warnings", processWith({ emitWarning: undefined })],
  ])("a warning goes to the console of a platform with %s", async (_, process) => {
    const error = vi.fn();
    const { warn } = await platformWith({ process, console: { ...console, error } });
    warn("message", "detail", undefined);
    expect(error).toHaveBeenCalledExactlyOnceWith("message\ndetail");
  });

  test("a warning is dropped on a platform without process and console", async () => {
    const { warn } = await platformWith({ process: undefined, console: undefined });
    expect(() => warn("message", "detail", undefined)).not.toThrow();
  });
});

describe("IN_DEVELOPMENT", () => {
  test.each<[string | undefined, boolean]>([
    ["development", true],
    ["test", true],
    ["production", false],
    ["test2", false],
    ["latest", false],
    [undefined, false],
  ])("IN_DEVELOPMENT follows from NODE_ENV: %s", async (NODE_ENV, expected) => {
    const process = processWith({ env: { ...globalThis.process.env, NODE_ENV } });
    expect((await platformWith({ process })).IN_DEVELOPMENT).toBe(expected);
  });

  test.each<[string, unknown]>([
    ["no process", undefined],
    ["no environment", processWith({ env: undefined })],
  ])("IN_DEVELOPMENT is false on a platform with %s", async (_, process) => {
    expect((await platformWith({ process })).IN_DEVELOPMENT).toBe(false);
  });

  test("IN_DEVELOPMENT is false on Deno, which would ask its user for the environment", async () => {
    const process = processWith({ env: { ...globalThis.process.env, NODE_ENV: "test" } });
    expect((await platformWith({ process, Deno: {} })).IN_DEVELOPMENT).toBe(false);
  });
});

describe("the clock of the platform", () => {
  test("the platform's clock limits the delay of a timer to what a timer can have", async () => {
    const start = vi.fn(() => 5);
    const stop = vi.fn();
    vi.resetModules();
    vi.stubGlobal("setTimeout", start);
    vi.stubGlobal("clearTimeout", stop);
    const { platformClock } = await import("../../src/core/platform-clock.ts");
    const callback = () => {};
    expect(platformClock.setTimeout(callback, 50)).toBe(5);
    platformClock.setTimeout(callback, 2 ** 40);
    expect(start.mock.calls).toEqual([
      [callback, 50],
      [callback, 2 ** 31 - 1],
    ]);
    platformClock.clearTimeout(5);
    expect(stop).toHaveBeenCalledExactlyOnceWith(5);
  });

  test.each([["with", setImmediate] as const, ["without", undefined] as const])(
    "the clock of a platform %s setImmediate has the same function as next turn",
    async (_, setImmediate) => {
      vi.resetModules();
      vi.stubGlobal("setImmediate", setImmediate);
      if (setImmediate === undefined) Reflect.deleteProperty(globalThis, "setImmediate");
      const { platformClock } = await import("../../src/core/platform-clock.ts");
      expect(platformClock.nextTurn).toBe(setImmediate);
      expect(platformClock.now()).toBeLessThanOrEqual(performance.now());
    },
  );
});
