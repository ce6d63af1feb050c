import { Box } from "ampwire";
import { describe, expect, test, vi } from "vitest";
import { Pairing } from "../../src/cli/proxy/pairing.ts";

const ask = (tag: string, name = "Sum") => new Box({ _ask: tag, _command: name });

describe("an ask whose answer changes the protocol", () => {
  test("is awaited until it is answered, or its tag used again", () => {
    const pairing = new Pairing(new Map(), () => 0);
    expect(pairing.awaitsChange("client")).toBe(false);
    pairing.passed("client", ask("1"));
    pairing.passed("client", ask("2", "StartTLS"));
    pairing.passed("client", ask("3", "StartTLS"));
    expect(pairing.awaitsChange("client")).toBe(true);
    expect(pairing.awaitsChange("server")).toBe(false);
    pairing.passed("server", new Box({ _answer: "2" }));
    pairing.passed("server", new Box({ _answer: "2" }));
    pairing.passed("client", new Box({ _answer: "3" })); // the asker's own: of no ask
    expect(pairing.awaitsChange("client")).toBe(true);
    pairing.passed("client", ask("3"));
    expect(pairing.awaitsChange("client")).toBe(false);
    expect(pairing.unanswered.map(({ tag }) => tag)).toEqual(["1", "3"]);
  });

  test("is not looked for among all that are never answered, with every chunk", () => {
    const pairing = new Pairing(new Map(), () => 0);
    for (let tag = 0; tag < 1_000; tag++) pairing.passed("client", ask(String(tag)));
    const walk = vi.spyOn(Map.prototype, "values");
    expect(pairing.awaitsChange("client")).toBe(false);
    const walks = walk.mock.calls.length;
    walk.mockRestore();
    expect(walks).toBe(0);
  });
});
