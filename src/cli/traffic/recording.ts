/** Writes and reads recordings: files with a line of JSON for each piece of traffic. */
import { closeSync, fchmodSync, fstatSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { Failure } from "../cli-error.ts";
import { readFailure } from "../read-failure.ts";
import { isHex } from "../values/typed.ts";
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
  if (isTrafficLine(line)) return line;
  throw new Failure(`${place} is not a line of a recording`, "ampwire proxy --record writes recordings");
}

/** Checks the fields that a replay uses. People may edit a recording. */
function isTrafficLine(line: unknown): line is TrafficLine {
  if (typeof line !== "object" || line === null) return false;
  const { connection, from, box, raw, event }: { readonly [K in keyof TrafficLine]?: unknown } = line;
  if (typeof connection !== "number") return false;
  if (box === undefined && raw === undefined) return typeof event === "string";
  const isFromEndpoint = from === "client" || from === "server";
  return isFromEndpoint && (box === undefined ? isHex({ hex: raw }) : isLineBox(box));
}

/** Returns true for keys whose values are text or `{ hex }`. */
function isLineBox(box: unknown): boolean {
  if (typeof box !== "object" || box === null || Array.isArray(box)) return false;
  return Object.entries(box).every(([, value]) => typeof value === "string" || isHex(value));
}
