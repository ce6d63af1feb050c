/** Where the bytes come from: a file or standard input, as they are or written as hex. */
import { createReadStream } from "node:fs";
import { messageOf } from "../../core/errors/to-error.ts";
import { Failure } from "../cli-error.ts";

export type Bytes = AsyncIterable<Uint8Array>;

/** @param file `-` or nothing for standard input */
export async function* inputBytes(file: string | undefined): Bytes {
  try {
    yield* file === undefined || file === "-" ? process.stdin : createReadStream(file);
  } catch (cause) {
    const reason = messageOf(cause);
    throw new Failure(`cannot read ${file ?? "standard input"}: ${reason}`, undefined, { cause });
  }
}

/** White space, colons, commas, 0x and \x between the digits do not count. */
const BETWEEN = /[\s:,]+|\\x|0x/gi;

/** @throws Failure for what is not hex, with its line, or half a byte at the end */
export async function* fromHex(text: Bytes): Bytes {
  const decoder = new TextDecoder();
  let kept = "";
  let odd = "";
  let line = 1;
  for await (const chunk of text) {
    kept += decoder.decode(chunk, { stream: true });
    // Of 0x and \x the second half may be in the next chunk.
    const end = kept.endsWith("0") || kept.endsWith("\\") ? kept.length - 1 : kept.length;
    const digits = odd + digitsOf(kept.slice(0, end), line);
    line += kept.slice(0, end).split("\n").length - 1;
    kept = kept.slice(end);
    odd = digits.length % 2 === 0 ? "" : digits.slice(-1);
    yield Buffer.from(digits, "hex");
  }
  const digits = odd + digitsOf(kept, line);
  if (digits.length % 2 !== 0) throw new Failure("half a byte at the end of the hex", "two digits a byte");
  yield Buffer.from(digits, "hex");
}

function digitsOf(text: string, line: number): string {
  const rows = text.split("\n").map((row) => row.replace(BETWEEN, ""));
  for (const [index, row] of rows.entries()) {
    const wrong = /[^\da-f]/i.exec(row);
    if (wrong === null) continue;
    throw new Failure(
      `line ${line + index} is not hex: it has ${JSON.stringify(wrong[0])} in it`,
      "two digits a byte",
    );
  }
  return rows.join("");
}
