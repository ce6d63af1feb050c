/** Traffic in a file, a line of JSON each. */
import { closeSync, fchmodSync, fstatSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { messageOf } from "../../core/errors/to-error.ts";
import { Failure } from "../cli-error.ts";
import type { TrafficLine } from "./line.ts";

const MODE = 0o600;

/** Writes each line at once, so that whatever ends the proxy, what has passed is in the file. */
export class Recording implements Disposable {
  readonly #path: string;
  readonly #file: number;

  /**
   * Replaces what is in the file. Only its owner may read it: it holds in plaintext what went in TLS.
   * @throws Node's error when the file cannot be written
   */
  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, "w", MODE);
    if (fstatSync(this.#file).isFile()) fchmodSync(this.#file, MODE); // it may have been there, for others too
  }

  /** @throws Failure when there is no room left, say */
  write(line: TrafficLine): void {
    try {
      writeFileSync(this.#file, `${JSON.stringify(line)}\n`);
    } catch (cause) {
      const reason = messageOf(cause);
      throw new Failure(`${this.#path} cannot be written: ${reason}`, undefined, { cause });
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/** @throws Node's error for a file that cannot be read, Failure for one that is no recording */
export function readRecording(path: string): TrafficLine[] {
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.flatMap((text, index) => (text.trim() === "" ? [] : [parsed(text, `${path}:${index + 1}`)]));
}

function parsed(text: string, place: string): TrafficLine {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch (cause) {
    throw new Failure(`${place} is no line of a recording`, "ampwire proxy --record writes them", { cause });
  }
  if (typeof line === "object" && line !== null && "connection" in line) {
    const { from, box, raw, event } = line as TrafficLine; // looked at now
    const said = box !== undefined || typeof raw === "string";
    const complete = said ? from === "client" || from === "server" : typeof event === "string";
    if (complete && (box === undefined || (typeof box === "object" && box !== null))) {
      return line as TrafficLine;
    }
  }
  throw new Failure(`${place} is no line of a recording`, "ampwire proxy --record writes them");
}
