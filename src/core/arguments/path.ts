/** AMP's Path: the name of a file. */

import { type InPlaceArgument, inPlaceArgument } from "../schema/argument.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { shownValue } from "../wire/value-text.ts";
import { readText, writeText } from "./unicode.ts";

/**
 * AMP's Path: an absolute POSIX path as UTF-8. Means something only where both ends see the same files.
 *
 * Sent absolute and normalised, as Twisted's `FilePath` makes it (`os.path.abspath`): no `.`, `..`, doubled or
 * trailing slashes; two slashes at the beginning stay, as POSIX wants. A relative path is refused: this codec knows no
 * working directory, so make it absolute first (`node:path`'s `resolve`). Accepts any UTF-8; an absolute path is
 * normalised, and a relative one, which Twisted never sends but would take as relative to its own working
 * directory, is given out as it came.
 *
 * @throws TypeError when encoding what is not a string; RangeError for a relative path
 * @throws SyntaxError when decoding what is not UTF-8
 */
export function path(): InPlaceArgument<string> {
  return inPlaceArgument({ write, read }, { type: "Path" });
}

function write(value: string, out: ByteWriter): void {
  if (typeof value === "string" && !value.startsWith("/")) {
    throw new RangeError(`an absolute path is needed, not ${shownValue(value)}`);
  }
  writeText(typeof value === "string" ? normalised(value) : value, out);
}

function read(bytes: Uint8Array, start: number, end: number): string {
  const text = readText(bytes, start, end);
  return text.startsWith("/") ? normalised(text) : text;
}

/** What Python's `posixpath.normpath` makes of an absolute path. */
function normalised(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  // Two slashes at the beginning are the system's own business in POSIX; three are one.
  const root = path.startsWith("//") && !path.startsWith("///") ? "//" : "/";
  return root + parts.join("/");
}
