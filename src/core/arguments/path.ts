/** AMP's Path: the path of a file. */

import { type InPlaceArgument, inPlaceArgument } from "../schema/argument.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { shownValue } from "../wire/value-text.ts";
import { checkText, readText, writeText } from "./unicode.ts";

/**
 * AMP's Path: an absolute POSIX path as UTF-8. It is useful only if both ends share a file system.
 *
 * Sends a normalised path, as Twisted's `FilePath` does (`os.path.abspath`): without `.`, `..`, repeated or trailing slashes.
 * Two leading slashes stay, as POSIX requires. A relative path cannot be sent, because the codec does not know the working
 * directory: call `resolve` of `node:path` first. Accepts any UTF-8. A received absolute path is normalised. A received
 * relative path is returned unchanged; Twisted never sends one, and resolves one with its own working directory.
 *
 * @throws TypeError when encoding a value that is not a string; RangeError for a relative path
 * @throws SyntaxError when decoding bytes that are not UTF-8
 */
export function path(): InPlaceArgument<string> {
  return inPlaceArgument({ write, read }, { type: "Path" });
}

function write(value: string, out: ByteWriter): void {
  checkText(value);
  if (!value.startsWith("/")) throw new RangeError(`an absolute path is needed, not ${shownValue(value)}`);
  writeText(normalised(value), out);
}

function read(bytes: Uint8Array, start: number, end: number): string {
  const text = readText(bytes, start, end);
  return text.startsWith("/") ? normalised(text) : text;
}

/** Returns the result of Python's `posixpath.normpath` for an absolute path. */
function normalised(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  // POSIX leaves the meaning of two leading slashes to the system; three or more count as one.
  const root = path.startsWith("//") && !path.startsWith("///") ? "//" : "/";
  return root + parts.join("/");
}
