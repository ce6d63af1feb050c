/** The declaration of a protocol switch. The switch itself is tested in test/core/features/protocol-change.test.ts. */
import { Command, integer, ProtocolSwitchCommand, type SwitchSpec, switchBox } from "ampwire";
import { describe, expect, test } from "vitest";
import { textOf } from "../../support/raw-peer.ts";

class Refused extends Error {}

const ToLines = new ProtocolSwitchCommand("ToLines", {
  arguments: { width: integer() },
  errors: { REFUSED: Refused },
});

describe("ProtocolSwitchCommand", () => {
  test("a protocol switch is a command with boxes of the kind switchBox", () => {
    expect(ToLines).toBeInstanceOf(Command);
    expect([ToLines.commandType, ToLines.responseType]).toEqual([switchBox, switchBox]);
    expect(ToLines.change?.state).toBe("switching");
    expect(ToLines.requiresAnswer).toBe(true);
    expect(ToLines.errors).toEqual({ REFUSED: Refused });
  });

  test("the spec of a protocol switch rejects an unknown name, and that of a subclass may have names of its own", () => {
    class Documented extends ProtocolSwitchCommand {}
    const spec: SwitchSpec<{}> & { readonly describes: string } = { describes: "lines" };
    expect(() => new ProtocolSwitchCommand("ToText", spec)).toThrow("describes");
    expect(new Documented("ToText", spec).name).toBe("ToText");
  });

  test("the new protocol of a switch is not sent to the peer", () => {
    const protocol = () => {};
    expect(textOf(ToLines.makeArguments({ width: 80, protocol }))).toEqual({ width: "80" });
    expect(textOf(ToLines.makeResponse({ protocol }))).toEqual({});
  });
});
