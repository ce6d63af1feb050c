import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TagWindow } from "../../../src/core/calls/tag-window.ts";

/** One step: a new tag so much greater than the last one, or an operation on one of the tags so far. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 500 }) }) },
  { weight: 5, arbitrary: fc.record({ take: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ replace: fc.nat() }) },
);

describe("a tag window compared with a map", () => {
  // Slots are indexed by the lowest bits of a tag. From 2^31 and 2^32 on, bit operations no longer see the whole tag.
  test.each([0, 2 ** 31 - 40, 2 ** 32 - 40, 2 ** 40 + 1])(
    "a tag window behaves as a map of tags from %d on",
    (before) => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
          const model = new Map<number, string>();
          const tags = new TagWindow<string>();
          const made: number[] = [];
          let last = before;
          for (const one of steps) {
            if ("add" in one) {
              last += one.add;
              made.push(last);
              model.set(last, `value of ${last}`);
              tags.set(last, `value of ${last}`);
            } else if ("take" in one) {
              const tag = made[one.take % made.length] ?? -1;
              const value = tags.get(tag);
              expect(value).toBe(model.get(tag));
              if (value !== undefined) tags.delete(tag);
              model.delete(tag);
            } else {
              const tag = [...model.keys()][one.replace % model.size];
              if (tag === undefined) continue;
              model.set(tag, "another");
              tags.set(tag, "another");
            }
          }
          for (const tag of [-1, 0, last, last + 1, ...made]) expect(tags.get(tag)).toBe(model.get(tag));
          expect([...tags.values()]).toEqual([...model.values()]);
        }),
      );
    },
  );
});

test("a tag that is never taken does not make the window grow", () => {
  const tags = new TagWindow<string>();
  tags.set(1, "never");
  for (let tag = 2; tag < 500_000; tag++) {
    tags.set(tag, "soon");
    tags.delete(tag);
  }
  tags.set(2 ** 50, "far"); // a loop over all tags in between would not end
  expect([...tags.values()]).toEqual(["never", "far"]);
});

test("a tag window takes 20,000 tags in reverse order, repeatedly", () => {
  const tags = new TagWindow<number>();
  for (let round = 0; round < 3; round++) {
    const first = round * 20_000 + 1;
    for (let tag = first; tag < first + 20_000; tag++) tags.set(tag, tag);
    for (let tag = first + 19_999; tag >= first; tag--) {
      expect(tags.get(tag)).toBe(tag);
      tags.delete(tag);
    }
    expect([...tags.values()]).toEqual([]);
  }
});
