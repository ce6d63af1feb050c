import Module from "node:module";
import { DescriptorsNotAvailable } from "ampwire";
import { connect, descriptor, listen } from "ampwire/node";
import { afterEach, describe, expect, it, vi } from "vitest";

afterEach(() => {
  vi.restoreAllMocks();
  vi.resetModules();
});

/** Node's internal function that loads a package. It is undocumented, but has been stable since the first versions. */
const loader = Module as unknown as { _load(name: string, ...rest: unknown[]): unknown };

/** Loads a new copy of the modules that load koffi. */
function fresh(): Promise<typeof import("../../../src/node/descriptors/libc.ts")> {
  vi.resetModules();
  return import("../../../src/node/descriptors/libc.ts");
}

/** Returns the error. Its class belongs to the new copy. */
const notAvailable = { name: "DescriptorsNotAvailable", code: "DESCRIPTORS_NOT_AVAILABLE", fault: "caller" };

function thrown(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error("no error was thrown");
}

describe("reasons why descriptors are not available", () => {
  it("without koffi the error names the package to install", async () => {
    const load = loader._load;
    vi.spyOn(loader, "_load").mockImplementation((name, ...rest) => {
      if (name === "koffi")
        throw Object.assign(new Error("Cannot find module"), { code: "MODULE_NOT_FOUND" });
      return load.call(loader, name, ...rest);
    });
    const { libc } = await fresh();
    const error = thrown(libc);
    expect(error).toMatchObject({ ...notAvailable, cause: { code: "MODULE_NOT_FOUND" } });
    expect(error.message).toContain("npm install koffi");
    descriptor(); // defining the argument needs no koffi
  });

  it("an old version of koffi is an error", async () => {
    const load = loader._load;
    vi.spyOn(loader, "_load").mockImplementation((name, ...rest) =>
      name === "koffi" ? { version: "2.9.0" } : load.call(loader, name, ...rest),
    );
    const { libc } = await fresh();
    expect(thrown(libc)).toMatchObject({ ...notAvailable, message: expect.stringContaining("2.9.0") });
  });

  it.each([
    ["win32", "x64"],
    ["darwin", "arm64"],
    ["linux", "arm"],
  ] as const)("on %s %s", async (platform, arch) => {
    vi.spyOn(process, "platform", "get").mockReturnValue(platform);
    vi.spyOn(process, "arch", "get").mockReturnValue(arch);
    const { libc } = await fresh();
    expect(thrown(libc)).toMatchObject({
      ...notAvailable,
      message: expect.stringContaining(`${platform} on ${arch}`),
    });
  });

  it("connect and listen check for koffi before anything is opened", async () => {
    await expect(connect({ path: "/nowhere", descriptors: { maxWaiting: -1 } })).rejects.toThrow(RangeError);
    await expect(listen({ port: 0, descriptors: true })).rejects.toThrow(DescriptorsNotAvailable);
  });
});
