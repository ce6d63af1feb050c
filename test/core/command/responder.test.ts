import { CommandResponder, locator } from "ampwire";
import { describe, expect, test } from "vitest";
import { Sum } from "../calculator.ts";

describe("responder", () => {
  test("responder() joins a command and a function", () => {
    const respond = ({ a, b }: { a: number; b: number }) => ({ total: a + b });
    const responder = Sum.responder(respond);
    expect(responder).toBeInstanceOf(CommandResponder);
    expect(responder.command).toBe(Sum);
    expect(responder.respond).toBe(respond);
  });

  test("responder() works when it is detached from its command", () => {
    const { responder } = Sum;
    const made = responder(() => ({ total: 1 }));
    expect(locator(made).locateResponder("Sum")).toBe(made);
  });
});
