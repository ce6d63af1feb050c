/** Compares a box with the recorded one. Tags are ignored, because each connection has its own. */
import { safeText } from "../../core/errors/safe-text.ts";
import { ANSWER, ASK, type Box, ERROR, ERROR_CODE } from "../../index.ts";
import { formatValue, jsonValue } from "../print/values.ts";

export interface Difference {
  readonly connection: number;
  /** Name of the command. */
  readonly command: string;
  /** A key of the box, or the aspect of the whole box that differs. */
  readonly about: string;
  /** Undefined if the recording has no such value. */
  readonly recorded: unknown;
  /** Undefined if the server sent no such value. */
  readonly got: unknown;
}

const TAGS = new Set([ASK, ANSWER, ERROR]);

export type BoxDifference = Pick<Difference, "about" | "recorded" | "got">;

export function boxDifferences(recorded: Box, got: Box): BoxDifference[] {
  const found: BoxDifference[] = [];
  if (recorded.has(ERROR) !== got.has(ERROR)) {
    found.push({ about: "outcome", recorded: outcome(recorded), got: outcome(got) });
  }
  for (const key of new Set([...recorded.keys(), ...got.keys()])) {
    if (TAGS.has(key) || same(recorded.get(key), got.get(key))) continue;
    found.push({ about: key, recorded: jsonValue(recorded.get(key)), got: jsonValue(got.get(key)) });
  }
  return found;
}

export function differenceText({ connection, command, about, recorded, got }: Difference): string {
  return `#${connection} ${safeText(command)}: ${safeText(about)} was ${text(recorded)}, is ${text(got)}`;
}

function text(value: unknown): string {
  return value === undefined ? "absent" : formatValue(value);
}

function outcome(box: Box): string {
  return box.has(ERROR) ? `the error ${box.text(ERROR_CODE)}` : "an answer";
}

function same(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return Buffer.compare(one, other) === 0;
}
