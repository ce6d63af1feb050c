/** Compares a box with the recorded one. Tags are ignored, because each connection has its own. */
import { safeText } from "../../core/errors/safe-text.ts";
import { ANSWER, ASK, type Box, COMMAND, ERROR, ERROR_CODE, ERROR_DESCRIPTION } from "../../index.ts";
import { jsonValue, unquotedValue } from "../print/values.ts";

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

/** The rules of a comparison. */
export interface Comparison {
  /** Fields that are not compared: `field` of every command, or `Command.field`. */
  readonly ignored: ReadonlySet<string>;
  /** True to compare only whether an answer is an error, not its code, its description and its other fields. */
  readonly ignoresErrors: boolean;
}

export const COMPARE_ALL: Comparison = { ignored: new Set(), ignoresErrors: false };

export function isIgnored({ ignored }: Comparison, command: string, key: string): boolean {
  return ignored.size > 0 && (ignored.has(key) || ignored.has(`${command}.${key}`));
}

/** True for a key that AMP defines. It is not a field of the command. */
export function isProtocolKey(key: string): boolean {
  return TAGS.has(key) || key === COMMAND || key === ERROR_CODE || key === ERROR_DESCRIPTION;
}

/**
 * @param command name of the command, for its ignored fields
 * @param isSame returns true for two values that differ but count as equal
 */
export function boxDifferences(
  recorded: Box,
  got: Box,
  command: string,
  comparison: Comparison,
  isSame: (recorded: Uint8Array, got: Uint8Array) => boolean,
): BoxDifference[] {
  const found: BoxDifference[] = [];
  if (recorded.has(ERROR) !== got.has(ERROR)) {
    found.push({ about: "outcome", recorded: outcome(recorded), got: outcome(got) });
  }
  if (comparison.ignoresErrors && (recorded.has(ERROR) || got.has(ERROR))) return found;
  for (const key of new Set([...recorded.keys(), ...got.keys()])) {
    if (TAGS.has(key) || isIgnored(comparison, command, key)) continue;
    const [was, is] = [recorded.get(key), got.get(key)];
    if (same(was, is) || (was !== undefined && is !== undefined && isSame(was, is))) continue;
    found.push({ about: key, recorded: jsonValue(was), got: jsonValue(is) });
  }
  return found;
}

export function differenceText({ connection, command, about, recorded, got }: Difference): string {
  return `#${connection} ${safeText(command)}: ${safeText(about)} was ${text(recorded)}, is ${text(got)}`;
}

function text(value: unknown): string {
  return value === undefined ? "absent" : unquotedValue(value);
}

function outcome(box: Box): string {
  return box.has(ERROR) ? `the error ${box.text(ERROR_CODE)}` : "an answer";
}

function same(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return Buffer.compare(one, other) === 0;
}
