/** The golden bytes of `test/vectors/`. The fields are documented in `test/interop/twisted/golden_*.py`, which generates them. */
import { readFileSync } from "node:fs";
import { Box } from "ampwire";
import { keyToText } from "../../src/core/wire/key-text.ts";

/** A key as text, or as hexadecimal digits if it is not printable ASCII. */
type Key = string | { readonly hex: string };
export type BoxVector = readonly (readonly [Key, string])[];

export interface BoxesVector {
  readonly name: string;
  readonly hex: string;
  readonly boxes: readonly BoxVector[];
  readonly direction?: "both" | "decode";
  readonly truncated?: number;
  readonly error?: string;
}

export interface Step {
  readonly from: "client" | "server";
  /** True inside TLS. */
  readonly tls?: true;
  readonly hex: string;
  /** Undefined if the bytes are not AMP: after a switch. */
  readonly boxes?: readonly BoxVector[];
}

export interface Outcome {
  readonly response?: unknown;
  readonly error?: string;
  readonly message?: string;
}

export interface Conversation {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly outcomes: readonly (Outcome & { readonly call: string })[];
  readonly closes?: "client" | "server";
}

export interface Malformed {
  readonly name: string;
  readonly hex: string;
  /** The stream ends after the bytes. */
  readonly ends?: true;
  readonly closes: boolean;
  readonly answered: string;
  readonly exception?: string;
  readonly asked: Outcome;
}

export function readVectors(name: "boxes.json"): BoxesVector[];
export function readVectors(name: "conversations.json"): Conversation[];
export function readVectors(name: "malformed.json"): Malformed[];
export function readVectors(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), "ascii"));
}

export function boxOf(vector: BoxVector): Box {
  return new Box(vector.map(([key, value]) => [nameOf(key), Buffer.from(value, "hex")]));
}

/** Returns the pairs of a box in their order, for comparisons. */
export function pairsOf(box: Box): [string, string][] {
  return [...box].map(([key, value]) => [key, Buffer.from(value).toString("hex")]);
}

export function pairsOfVector(vector: BoxVector): [string, string][] {
  return vector.map(([key, value]) => [nameOf(key), value]);
}

function nameOf(key: Key): string {
  return typeof key === "string" ? key : keyToText(Buffer.from(key.hex, "hex"));
}
