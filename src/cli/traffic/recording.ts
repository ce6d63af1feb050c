/** Writes and reads recordings: files with a line of JSON for each piece of traffic. */
import { closeSync, fchmodSync, fstatSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { Failure } from "../cli-error.ts";
import { readFailure } from "../read-failure.ts";
import { writeFailure } from "../write-failure.ts";
import type { TrafficLine } from "./line.ts";

const MODE = 0o600;

/** Writes each line immediately, so that the file is complete however the proxy ends. */
export class Recording implements Disposable {
  readonly #path: string;
  readonly #file: number;

  /**
   * Replaces the content of the file. Only its owner can read it, because it contains TLS traffic in plaintext.
   * @throws Failure if the file cannot be opened for writing
   */
  constructor(path: string) {
    this.#path = path;
    try {
      this.#file = openSync(path, "w", MODE);
    } catch (cause) {
      throw writeFailure(path, cause);
    }
    if (fstatSync(this.#file).isFile()) fchmodSync(this.#file, MODE); // `MODE` of openSync applies to new files only
  }

  /** @throws Failure if the file cannot be written, for example because the disk is full */
  write(line: TrafficLine): void {
    try {
      writeFileSync(this.#file, `${JSON.stringify(line)}\n`);
    } catch (cause) {
      throw writeFailure(this.#path, cause);
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/** @throws UsageError for an unreadable file, Failure for a file that is not a recording */
export function readRecording(path: string): TrafficLine[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw readFailure(path, cause);
  }
  const lines = text.split("\n");
  return lines.flatMap((line, index) => (line.trim() === "" ? [] : [parsed(line, `${path}:${index + 1}`)]));
}

function parsed(text: string, place: string): TrafficLine {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch (cause) {
    throw new Failure(`${place} is not a line of a recording`, "ampwire proxy --record writes recordings", {
      cause,
    });
  }
  if (typeof line === "object" && line !== null && "connection" in line) {
    const { from, box, raw, event } = line as TrafficLine; // the fields are checked below
    const hasBytes = box !== undefined || typeof raw === "string";
    const complete = hasBytes ? from === "client" || from === "server" : typeof event === "string";
    if (complete && (box === undefined || (typeof box === "object" && box !== null))) {
      return line as TrafficLine;
    }
  }
  throw new Failure(`${place} is not a line of a recording`, "ampwire proxy --record writes recordings");
}
