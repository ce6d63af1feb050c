import { command, locator } from "ampwire";
import { flushPending, scriptedPeer } from "ampwire/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ampList } from "../../../src/core/arguments/amp-list.ts";
import { bytes } from "../../../src/core/arguments/bytes.ts";
import { integer } from "../../../src/core/arguments/integer.ts";
import { listOf } from "../../../src/core/arguments/list-of.ts";
import { optional } from "../../../src/core/arguments/optional.ts";
import { LimitExceeded } from "../../../src/core/errors/caller.ts";
import type { Argument } from "../../../src/core/schema/argument.ts";
import { FieldSet } from "../../../src/core/schema/field-set.ts";
import { readFields } from "../../../src/core/schema/read-fields.ts";
import { Box } from "../../../src/core/wire/box.ts";
import { beginElements, countElements, endElements, weightOf } from "../../../src/core/wire/elements.ts";
import { frameOfBox } from "../../../src/core/wire/frame-of.ts";

/** Decodes a box with this argument under the limit. Returns the number of elements. */
function decoded(codec: Argument<unknown>, value: Uint8Array, maxElements: number): number {
  const frame = frameOfBox(new Box({ it: value }));
  beginElements(maxElements);
  readFields(new FieldSet({ it: codec }, "field"), frame);
  return endElements();
}

const row = ampList({ a: integer(), b: optional(integer()) });
/** Codecs with values, and the elements of the values. */
const KINDS: readonly (readonly [string, Argument<unknown>, Uint8Array, number])[] = [
  ["an empty list", listOf(integer()), listOf(integer()).encode([]), 0],
  ["a list", listOf(integer()), listOf(integer()).encode([1, 2, 3]), 3],
  ["empty elements", listOf(bytes()), new Uint8Array(200), 100],
  ["nested lists", listOf(listOf(integer())), listOf(listOf(integer())).encode([[], [1], [2, 3]]), 6],
  ["rows and their keys", row, row.encode([{ a: 1 }, { a: 1, b: 2 }]), 5],
  ["rows in a list", listOf(row), listOf(row).encode([[{ a: 1 }], []]), 4],
];

describe("elements of a box", () => {
  afterEach(() => void endElements());

  test.each(KINDS)("the elements of %s are counted", (_, codec, value, count) => {
    expect(decoded(codec, value, Infinity)).toBe(count);
    expect(decoded(codec, value, Math.max(1, count))).toBe(count);
  });

  test.each(KINDS.filter(([, , , count]) => count > 0))(
    "%s over the limit fails with LimitExceeded, which names maxElements",
    (_, codec, value, count) => {
      const decode = (): number => decoded(codec, value, count - 1);
      expect(decode).toThrow(LimitExceeded);
      expect(decode).toThrow(
        `the values of the box have more than ${count - 1} elements: the limit is maxElements`,
      );
    },
  );

  test("an element over the limit is not decoded", () => {
    let count = 0;
    const counting: Argument<number> = { encode: () => new Uint8Array(0), decode: () => ++count };
    expect(() => decoded(listOf(counting), new Uint8Array(200), 10)).toThrow(LimitExceeded);
    expect(count).toBe(10);
  });

  test("values that a program decodes itself have no limit", () => {
    beginElements(2);
    countElements(2);
    expect(endElements()).toBe(2);
    expect(listOf(bytes()).decode(new Uint8Array(60_000))).toHaveLength(30_000);
  });

  test.each<[string, Readonly<Record<string, string>>]>([
    ["an answer", { _answer: "1", rows: "" }],
    ["an answer that cannot be read", { _answer: "1" }],
    ["an error", { _error: "1", _error_code: "ODD", _error_description: "" }],
    ["an ask", { _ask: "1", _command: "Rows", rows: "" }],
  ])("values that a program decodes after %s have no limit", async (_, box) => {
    const Rows = command("Rows", {
      arguments: { rows: listOf(bytes()) },
      response: { rows: listOf(bytes()) },
    });
    const served = locator(Rows.responder(({ rows }) => ({ rows })));
    const { connection, peer } = scriptedPeer({ locator: served, limits: { maxElements: 2 } });
    const call = connection.callRemote(Rows, { rows: [] }).catch(() => {});
    await flushPending();
    peer.send(box);
    await flushPending();
    expect(listOf(bytes()).decode(new Uint8Array(200))).toHaveLength(100);
    connection.destroy();
    await call;
  });

  test("keys and elements make a box heavier than its bytes", () => {
    const empty = weightOf(0, 0, 0);
    expect(empty).toBeGreaterThan(100);
    expect(weightOf(1000, 0, 0)).toBe(empty + 1000);
    expect(weightOf(0, 1, 0)).toBeGreaterThan(empty + 100);
    expect(weightOf(0, 0, 1)).toBeGreaterThan(empty + 100);
    expect(weightOf(5, 3, 2)).toBe(
      weightOf(5, 0, 0) + 3 * (weightOf(0, 1, 0) - empty) + 2 * (weightOf(0, 0, 1) - empty),
    );
  });
});

describe("empty bytes", () => {
  const empty = (): Uint8Array => listOf(bytes()).decode(Uint8Array.of(0, 0))[0] as Uint8Array;

  test("all empty values are one array, which is a plain Uint8Array", () => {
    expect(empty()).toBe(empty());
    expect(Object.getPrototypeOf(empty())).toBe(Uint8Array.prototype);
    expect(empty()).toHaveLength(0);
  });

  test("empty values can be cloned after a program has transferred one", () => {
    structuredClone(empty(), { transfer: [empty().buffer as ArrayBuffer] });
    expect(structuredClone(empty())).toEqual(new Uint8Array(0));
  });
});

test("the elements of a process have no limit before the first box", async () => {
  const shared = globalThis as Record<symbol, unknown>; // as other copies of the package find the counter
  const key = Symbol.for("ampwire.elements");
  const counter = shared[key];
  delete shared[key];
  vi.resetModules();
  try {
    const elements = await import("../../../src/core/wire/elements.ts");
    elements.countElements(1e9);
    expect(elements.endElements()).toBe(1e9);
  } finally {
    shared[key] = counter;
    vi.resetModules();
  }
});
