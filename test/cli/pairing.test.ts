import { Box } from "ampwire";
import { describe, expect, test, vi } from "vitest";
import { PENDING_LIMITS } from "../../src/cli/traffic/limits.ts";
import { Pairing } from "../../src/cli/traffic/pairing.ts";

const ask = (tag: string, name = "Sum") => new Box({ _ask: tag, _command: name });

describe("Pairing", () => {
  test("Pairing awaits a protocol change until the ask is answered or its tag is used again", () => {
    const pairing = new Pairing(new Map(), () => 0);
    expect(pairing.awaitsChange("client")).toBe(false);
    pairing.interpret("client", ask("1"));
    pairing.interpret("client", ask("2", "StartTLS"));
    pairing.interpret("client", ask("3", "StartTLS"));
    expect(pairing.awaitsChange("client")).toBe(true);
    expect(pairing.awaitsChange("server")).toBe(false);
    pairing.interpret("server", new Box({ _answer: "2" }));
    pairing.interpret("server", new Box({ _answer: "2" }));
    pairing.interpret("client", new Box({ _answer: "3" })); // from the same end, so it answers no ask
    expect(pairing.awaitsChange("client")).toBe(true);
    pairing.interpret("client", ask("3"));
    expect(pairing.awaitsChange("client")).toBe(false);
    expect(pairing.unanswered.map(({ tag }) => tag)).toEqual(["1", "3"]);
  });

  test("Pairing drops the oldest unanswered asks over the limits, and reports it once", () => {
    let reports = 0;
    const pairing = new Pairing(
      new Map(),
      () => 0,
      () => reports++,
    );
    pairing.interpret("client", ask("start", "StartTLS"));
    for (let tag = 1; tag <= PENDING_LIMITS.asks; tag++) pairing.interpret("client", ask(String(tag)));
    expect([pairing.dropped, reports, pairing.awaitsChange("client")]).toEqual([1, 1, false]);
    const large = "x".repeat(60_000);
    for (let tag = 0; tag < 1_000; tag++) pairing.interpret("server", ask(`${large}${tag}`));
    const held = pairing.unanswered.filter(({ tag = "" }) => tag.length > 60_000);
    expect(held.length).toBe(Math.floor(PENDING_LIMITS.bytes / 60_006));
    expect([pairing.dropped, reports]).toEqual([1 + 1_000 - held.length, 1]);
  });

  test("Pairing checks for a protocol change without a walk over the unanswered asks", () => {
    const pairing = new Pairing(new Map(), () => 0);
    for (let tag = 0; tag < 1_000; tag++) pairing.interpret("client", ask(String(tag)));
    const walk = vi.spyOn(Map.prototype, "values");
    expect(pairing.awaitsChange("client")).toBe(false);
    const walks = walk.mock.calls.length;
    walk.mockRestore();
    expect(walks).toBe(0);
  });
});
