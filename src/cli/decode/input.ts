/** Input of `decode`: bytes from a file or standard input, or hex digits. */
import { createReadStream, fstatSync } from "node:fs";
import { messageOf } from "../../core/errors/to-error.ts";
import { Failure } from "../cli-error.ts";
import { readFailure } from "../read-failure.ts";

export type Bytes = AsyncIterable<Uint8Array>;

/** @param file `-` or undefined for standard input */
export async function* inputBytes(file: string | undefined): Bytes {
  const isStdin = file === undefined || file === "-";
  try {
    if (isStdin && isFolder(process.stdin.fd)) throw new Error("it is a folder"); // Node would end without a message
    yield* isStdin ? process.stdin : createReadStream(file);
  } catch (cause) {
    if (!isStdin) throw readFailure(file, cause);
    throw new Failure(`cannot read standard input: ${messageOf(cause)}`, undefined, { cause });
  }
}

function isFolder(fd: number): boolean {
  try {
    return fstatSync(fd).isDirectory();
  } catch {
    return false; // it is closed: reading it reports the reason
  }
}

/** Ignored between the digits: white space, colons, commas, 0x and \x. */
const BETWEEN = /[\s:,]+|\\x|0x/gi;

/** @throws Failure with the line number if the text is not hex, or if its number of digits is odd */
export async function* fromHex(text: Bytes): Bytes {
  const decoder = new TextDecoder();
  let kept = "";
  let odd = "";
  let line = 1;
  for await (const chunk of text) {
    kept += decoder.decode(chunk, { stream: true });
    // The second character of 0x or \x may be in the next chunk.
    const end = kept.endsWith("0") || kept.endsWith("\\") ? kept.length - 1 : kept.length;
    const digits = odd + digitsOf(kept.slice(0, end), line);
    line += kept.slice(0, end).split("\n").length - 1;
    kept = kept.slice(end);
    odd = digits.length % 2 === 0 ? "" : digits.slice(-1);
    yield Buffer.from(digits, "hex");
  }
  const digits = odd + digitsOf(kept, line);
  if (digits.length % 2 !== 0)
    throw new Failure("the hex ends with half a byte", "write two digits for each byte");
  yield Buffer.from(digits, "hex");
}

function digitsOf(text: string, line: number): string {
  const rows = text.split("\n").map((row) => row.replace(BETWEEN, ""));
  if (line === 1 && /^[\da-f]{8}:? {1,2}[\da-f]{2}/i.test(text))
    throw new Failure("the hex begins with an offset, as xxd and hexdump print it", "write it with xxd -p");
  for (const [index, row] of rows.entries()) {
    const wrong = /[^\da-f]/i.exec(row);
    if (wrong === null) continue;
    throw new Failure(
      `line ${line + index} is not hex: it contains ${JSON.stringify(wrong[0])}`,
      "write two digits for each byte",
    );
  }
  return rows.join("");
}
