/**
 * Loads the X.509 library on first use: it takes about 100 ms, and most programs read their certificates from files.
 *
 * If an `import` fails once, for example because no file descriptor is left, Node 20 remembers the failure for the rest of the
 * process. `require` does not, if it is called with the path of a file. The paths are therefore found in advance.
 */
import nodeModule from "node:module";

export type X509Library = typeof import("@peculiar/x509");

// A member call: webpack follows a named import of createRequire, and warns about the calls of `require` below.
const require = nodeModule.createRequire(import.meta.url);
const METADATA = pathOf("reflect-metadata"); // the X.509 library needs it loaded first
const LIBRARY = pathOf("@peculiar/x509");

/** @throws Node's error if the files cannot be read. The next call tries again */
export async function loadX509(): Promise<X509Library> {
  try {
    await import("reflect-metadata");
    return await import("@peculiar/x509");
  } catch (error) {
    if (METADATA === undefined || LIBRARY === undefined) throw error;
    require(METADATA);
    return require(LIBRARY);
  }
}

/** Returns undefined in a program that was bundled to one file. Nothing is loaded from other files there. */
function pathOf(name: string): string | undefined {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}
