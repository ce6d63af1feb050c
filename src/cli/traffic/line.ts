/**
 * Traffic as a line of JSON, which `--record` writes, `--json` prints and `ampwire replay` reads.
 *
 * The line contains the keys and values of a box: text, or `{ "hex": ... }` for binary data. `boxOf` restores the box byte
 * for byte. Command, response time and typed values are fields of their own.
 */
import { Box } from "../../index.ts";
import { jsonRecord } from "../print/values.ts";
import { isHex } from "../values/typed.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Meaning } from "./pairing.ts";
import type { SessionInfo, Traffic } from "./traffic.ts";
import { typedBoxOf } from "./typed-box.ts";

export type LineValue = string | { readonly hex: string };

export interface TrafficLine {
  /** ISO 8601, in UTC. */
  readonly time: string;
  readonly connection: number;
  /** Absent for a box and for raw bytes. */
  readonly event?: "opened" | "secured" | "ended" | "closed";
  readonly from?: Endpoint;
  readonly secure?: boolean;
  readonly box?: Readonly<Record<string, LineValue>>;
  /** Bytes in hex. */
  readonly raw?: string;
  /** Keys that occur in the box more than once. `box` has their last values. */
  readonly repeated?: readonly string[];
  readonly kind?: Meaning["kind"];
  readonly command?: string;
  /** Response time: milliseconds from the ask to its answer. */
  readonly took?: number;
  /** Values decoded by the schema. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** The reason why the values do not fit the command in the schema. */
  readonly mismatch?: string;
  readonly peer?: string;
  readonly client?: SessionInfo;
  readonly server?: SessionInfo;
  readonly reason?: string;
}

export function lineOf(connection: number, traffic: Traffic, time = new Date()): TrafficLine {
  const head = { time: time.toISOString(), connection };
  switch (traffic.kind) {
    case "box": {
      const { from, secure, box, meaning, repeated = [] } = traffic;
      // The values of a box are bytes, which jsonRecord converts to LineValue.
      const values = jsonRecord(box) as Readonly<Record<string, LineValue>>;
      return { ...head, from, secure, box: values, ...meaningFields(box, meaning, repeated) };
    }
    case "raw": {
      const { from, secure, bytes } = traffic;
      return { ...head, from, secure, raw: Buffer.from(bytes).toString("hex") };
    }
    case "opened":
      return { ...head, event: "opened", ...(traffic.peer === undefined ? {} : { peer: traffic.peer }) };
    case "secured":
      return { ...head, event: "secured", client: traffic.client, server: traffic.server };
    case "ended":
      return { ...head, event: "ended", from: traffic.from };
    case "closed": {
      const { reason } = traffic;
      return { ...head, event: "closed", ...(reason === undefined ? {} : { reason: reason.message }) };
    }
  }
}

/** Returns the fields of a line that describe the meaning of a box. */
export function meaningFields(
  box: Box,
  meaning: Meaning,
  repeatedKeys: readonly string[] = [],
): Partial<TrafficLine> {
  return {
    ...meaningOf(box, meaning),
    ...(repeatedKeys.length === 0 ? {} : { repeated: repeatedKeys }),
  };
}

function meaningOf(box: Box, meaning: Meaning): Partial<TrafficLine> {
  const typed = typedBoxOf(box, meaning);
  const values = {
    ...(typed?.values !== undefined && { values: jsonRecord(Object.entries(typed.values)) }),
    ...(typed?.mismatch !== undefined && { mismatch: typed.mismatch }),
  };
  if (meaning.kind === "stray") return { kind: meaning.kind };
  if (meaning.kind === "ask") return { kind: meaning.kind, command: meaning.name, ...values };
  const { kind, ask, took } = meaning;
  return {
    kind,
    ...(ask === undefined ? {} : { command: ask.name }),
    ...(took === undefined ? {} : { took: Number(took.toFixed(3)) }),
    ...values,
  };
}

/** Restores the box of a line byte for byte. */
export function boxOf(values: Readonly<Record<string, LineValue>>): Box {
  const box = new Box();
  for (const [key, value] of Object.entries(values)) {
    box.set(key, isHex(value) ? new Uint8Array(Buffer.from(value.hex, "hex")) : value);
  }
  return box;
}
