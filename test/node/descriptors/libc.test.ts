import Module from "node:module";
import { DescriptorsNotAvailable } from "ampwire";
import { connect, descriptor, listen } from "ampwire/node";
import { afterEach, describe, expect, it, vi } from "vitest";

afterEach(() => {
  vi.restoreAllMocks();
  vi.resetModules();
});

/** Node's own way to load a package, undocumented, and stable since there is Node. */
const loader = Module as unknown as { _load(name: string, ...rest: unknown[]): unknown };

/** A fresh copy of what wants koffi. */
function fresh(): Promise<typeof import("../../../src/node/descriptors/libc.ts")> {
  vi.resetModules();
  return import("../../../src/node/descriptors/libc.ts");
}

/** The error is of the fresh copy's own class. */
const notAvailable = { name: "DescriptorsNotAvailable", code: "DESCRIPTORS_NOT_AVAILABLE", fault: "caller" };

function thrown(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

describe("where descriptors cannot be had, the error says why", () => {
  it("without koffi: what to install", async () => {
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
    descriptor(); // declaring one needs nothing
  });

  it("with a koffi that is too old", async () => {
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

  it("before anything is opened", async () => {
    await expect(connect({ path: "/nowhere", descriptors: { maxWaiting: -1 } })).rejects.toThrow(RangeError);
    await expect(listen({ port: 0, descriptors: true })).rejects.toThrow(DescriptorsNotAvailable);
  });
});
