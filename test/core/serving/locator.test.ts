import {
  Box,
  type CommandResponder,
  command,
  InvalidSignature,
  integer,
  locator,
  type ResponderContext,
  type ResponderLocator,
} from "ampwire";
import { connectedPair, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { RESPONDER_BRAND, SEAM } from "../../../src/core/errors/brand.ts";
import { Divide, Sum, summing } from "../calculator.ts";

/** Returns the answer of Sum over a pair of connections whose server has this locator. */
async function total(responders: ResponderLocator, a = 1, b = 2): Promise<number> {
  const [client] = connectedPair({}, { locator: responders });
  const answer = await client.callRemote(Sum, { a, b });
  await client.close();
  return answer.total;
}

class Calculator {
  readonly bonus: number = 0;
  calls = 0;

  @Sum.responder
  sum({ a, b }: { a: number; b: number }) {
    this.calls++;
    return { total: a + b + this.bonus };
  }

  @Divide.responder
  async divide({ numerator, denominator }: { numerator: number; denominator: number }) {
    return { result: numerator / denominator };
  }
}

describe("locator", () => {
  test("an empty locator finds no responder", () => {
    expect(locator().locateResponder("Sum")).toBeUndefined();
    expect(locator().locateResponder("constructor")).toBeUndefined();
  });

  test("a locator finds responders by the exact name of their command", () => {
    const found = locator(summing);
    expect(found.locateResponder("Sum")).toBe(summing);
    expect(found.locateResponder("sum")).toBeUndefined();
  });

  test("a locator rejects two responders for one command", () => {
    expect(() =>
      locator(
        summing,
        Sum.responder(() => ({ total: 0 })),
      ),
    ).toThrow(InvalidSignature);
    expect(() => locator(summing, summing)).toThrow("two responders are given for Sum");
  });

  test.each([
    ["an object without responders", {}, "an object (Object) has no methods"],
    ["an instance without responders", new (class Empty {})(), "an object (Object) has no methods"],
    ["an array of responders", [summing], "an array of 1 has no methods"],
    ["a command", Sum, "has no methods decorated with @Command.responder or named amp_NAME"],
    ["a function", () => {}, "a function has no methods"],
    [
      "a class with methods for its instances",
      class {
        amp_A() {}
      },
      "a function has no methods",
    ],
    ["null", null, "null has no methods"],
    ["nothing", undefined, "undefined has no methods"],
    ["a name", "Sum", '"Sum" has no methods'],
  ])("a locator rejects %s with a message that names the valid sources", (_, source, message) => {
    expect(() => locator(source as object)).toThrow(InvalidSignature);
    expect(() => locator(source as object)).toThrow(message);
  });

  test("a locator searches other locators in order", async () => {
    const first = locator(Sum.responder(() => ({ total: 1 })));
    const second = locator(
      Sum.responder(() => ({ total: 2 })),
      Divide.responder(() => ({ result: 2 })),
    );
    const joined = locator(first, second);
    expect(await total(joined)).toBe(1);
    expect(joined.locateResponder("Divide")).toBe(second.locateResponder("Divide"));
  });

  test("a responder passed directly precedes all other sources", async () => {
    const other = locator(Sum.responder(() => ({ total: 0 })));
    expect(await total(locator(other, new Calculator(), summing))).toBe(3);
  });

  test("any object with locateResponder() is a locator, and is called for every ask", () => {
    const names: string[] = [];
    const mine = {
      locateResponder(name: string): CommandResponder | undefined {
        names.push(name);
        return name === "Sum" ? summing : undefined;
      },
    };
    const joined = locator(mine);
    expect(joined.locateResponder("Sum")).toBe(summing);
    expect(joined.locateResponder("Nope")).toBeUndefined();
    expect(names).toEqual(["Sum", "Nope"]);
  });

  test("a locator that throws has the effect of a responder that throws", async () => {
    const broken = {
      locateResponder(): never {
        throw new Error("broken");
      },
    };
    await expect(total(broken)).rejects.toMatchObject({ errorCode: "UNKNOWN" });
  });
});

describe("decorated methods", () => {
  test("a decorated method runs on its object", async () => {
    const calculator = new Calculator();
    expect(await total(locator(calculator))).toBe(3);
    expect(calculator.calls).toBe(1);
  });

  test("decorated methods of two objects are independent", async () => {
    const [one, two] = [new Calculator(), new Calculator()];
    await total(locator(one));
    await total(locator(two));
    await total(locator(two));
    expect([one.calls, two.calls]).toEqual([1, 2]);
  });

  test("a decorated method can still be called directly", () => {
    expect(new Calculator().sum({ a: 1, b: 2 })).toEqual({ total: 3 });
  });

  test("a decorated method is inherited and uses the fields of the subclass", async () => {
    class Generous extends Calculator {
      override readonly bonus = 100;
    }
    const found = locator(new Generous());
    expect(await total(found)).toBe(103);
    expect(found.locateResponder("Divide")).toBeDefined();
  });

  test("a decorated method can be overridden, with or without a decorator", async () => {
    class Plain extends Calculator {
      override sum({ a, b }: { a: number; b: number }) {
        return { total: super.sum({ a, b }).total * 10 };
      }
    }
    class Again extends Calculator {
      @Sum.responder
      override sum({ a, b }: { a: number; b: number }) {
        return { total: super.sum({ a, b }).total * 100 };
      }
    }
    class Other extends Calculator {
      @Sum.responder
      product({ a, b }: { a: number; b: number }) {
        return { total: a * b };
      }
    }
    expect(await total(locator(new Plain()))).toBe(30);
    expect(await total(locator(new Again()))).toBe(300);
    expect(await total(locator(new Other()), 5, 6)).toBe(30);
  });

  test("a decorated method may be private", async () => {
    class Hidden {
      readonly #offset = 10;

      @Sum.responder
      #sum({ a, b }: { a: number; b: number }) {
        return { total: a + b + this.#offset };
      }

      direct(): number {
        return this.#sum({ a: 0, b: 0 }).total;
      }
    }
    expect(await total(locator(new Hidden()))).toBe(13);
  });

  test("a decorated method may respond to several commands", async () => {
    const Add = command("Add", {
      arguments: { a: integer(), b: integer() },
      response: { total: integer() },
    });
    class Both {
      @Sum.responder
      @Add.responder
      sum({ a, b }: { a: number; b: number }) {
        return { total: a + b };
      }
    }
    const found = locator(new Both());
    expect(found.locateResponder("Sum")).toBeDefined();
    expect(found.locateResponder("Add")).toBeDefined();
  });

  test("a legacy decorator call throws an error that names the compiler option", () => {
    // As the compiler calls it with `experimentalDecorators`: the prototype, the name, the descriptor.
    const decorate = Sum.responder as unknown as (...args: unknown[]) => void;
    expect(() => decorate({}, "sum", {})).toThrow(/compile without experimentalDecorators$/);
  });

  test("a decorated static method throws a TypeError", () => {
    expect(() => {
      class Static {
        readonly here = true;
        @Sum.responder
        static sum() {
          return { total: 0 };
        }
      }
      return Static;
    }).toThrow(TypeError);
  });
});

describe("amp_NAME methods", () => {
  class Raw {
    readonly prefix: string = "";

    amp_RAW(box: Box, { connection }: ResponderContext): Box {
      return new Box({ said: `${this.prefix}${box.text("say")}`, secure: String(connection.secure) });
    }

    async amp_LATER(): Promise<Box> {
      return new Box({ late: "yes" });
    }
  }

  test("a method amp_NAME serves the command NAME in any case with the raw box", async () => {
    const [client] = connectedPair({}, { locator: locator(new Raw()) });
    for (const name of ["RAW", "raw", "Raw"]) {
      const answer = await client.callRemoteString(name, new Box({ say: "hello" }));
      expect([answer.text("said"), answer.text("secure")]).toEqual(["hello", "false"]);
    }
    expect((await client.callRemoteString("later")).text("late")).toBe("yes");
  });

  test("a method amp_NAME is inherited and runs on its object", async () => {
    class Louder extends Raw {
      override readonly prefix = "LOUD ";
    }
    const [client] = connectedPair({}, { locator: locator(new Louder()) });
    expect((await client.callRemoteString("raw", new Box({ say: "x" }))).text("said")).toBe("LOUD x");
  });

  test("decorated methods precede methods amp_NAME of the same object", async () => {
    class Mixed extends Calculator {
      amp_SUM(): Box {
        return new Box({ total: "0" });
      }
      amp_OTHER(): Box {
        return new Box({ a: "1" });
      }
    }
    const found = locator(new Mixed());
    expect(await total(found)).toBe(3);
    expect(found.locateResponder("other")).toBeTypeOf("function");
  });

  test("baseDispatchPrefix replaces the prefix amp_", async () => {
    class Numbered {
      readonly baseDispatchPrefix: string = "v2_";
      v2_RAW(box: Box): Box {
        return new Box({ said: box.text("say") ?? "" });
      }
      amp_OLD(): Box {
        return new Box({ a: "1" });
      }
    }
    const [client] = connectedPair({}, { locator: locator(new Numbered()) });
    expect((await client.callRemoteString("raw", new Box({ say: "x" }))).text("said")).toBe("x");
    await expect(client.callRemoteString("old")).rejects.toThrow("Unhandled Command: 'old'");
    class Renamed extends Numbered {
      override readonly baseDispatchPrefix = "amp_";
    }
    expect(locator(new Renamed()).locateResponder("old")).toBeTypeOf("function");
    expect(locator(new Renamed()).locateResponder("raw")).toBeUndefined();
  });

  test("baseDispatchPrefix must be a non-empty string with which methods begin", () => {
    for (const baseDispatchPrefix of ["", 5, null])
      expect(() => locator({ baseDispatchPrefix, PING: () => new Box() })).toThrow(
        /^baseDispatchPrefix must be a non-empty string, not /,
      );
    expect(() => locator({ baseDispatchPrefix: "v2_", amp_PING: () => new Box() })).toThrow("v2_NAME");
    expect(() => locator({ baseDispatchPrefix: "v2_", v2_ping: () => new Box() })).toThrow("name it v2_PING");
    expect(() => locator({ baseDispatchPrefix: "on", onPING: () => new Box(), once: 1 })).not.toThrow();
  });

  test("a name whose capital letters are those of another name does not reach that method", () => {
    const served = locator({ amp_STOP: () => new Box(), amp_SS: () => new Box(), amp_É: () => new Box() });
    for (const name of ["stop", "sTOP", "ss", "é", "É"])
      expect(served.locateResponder(name)).toBeTypeOf("function");
    for (const name of ["\u017ftop", "\u00df", "s\u017f"])
      expect(served.locateResponder(name)).toBeUndefined();
  });

  test("no other member of an object is served", () => {
    const odd = { amp_RAW: () => new Box(), amp_VALUE: 7, secret: () => new Box() };
    const found = locator(odd);
    for (const name of ["secret", "value", "toString", "", "amp_RAW"])
      expect(found.locateResponder(name)).toBeUndefined();
  });

  test("a name over 16,383 characters has no raw method, because V8 hashes such names by their length alone", () => {
    const raw = {
      [`amp_${"X".repeat(16_379)}`]: () => new Box(),
      [`amp_${"X".repeat(16_380)}`]: () => new Box(),
    };
    const found = locator(raw);
    expect(found.locateResponder("x".repeat(16_379))).toBeTypeOf("function");
    expect(found.locateResponder("x".repeat(16_380))).toBeUndefined();
  });
});

describe("a responder of another copy of the package", () => {
  /** Returns a responder as another copy has it: with its own class, whose brand has this value. */
  function copyOf({ command, respond }: CommandResponder, seam: number): CommandResponder {
    const copied = { ...command, writeAsk: command.writeAsk.bind(command) };
    return Object.assign(Object.create({ [RESPONDER_BRAND]: seam }), { command: copied, respond });
  }
  const sum = Sum.responder(({ a, b }) => ({ total: a + b }));

  test("a responder of a copy that fits is found by its name", () => {
    const copy = copyOf(sum, SEAM);
    expect(locator(copy).locateResponder("Sum")).toBe(copy);
  });

  test("a responder of a copy that does not fit is rejected", () => {
    expect(() => locator(copyOf(sum, SEAM + 1))).toThrow(InvalidSignature);
    expect(() => locator(copyOf(sum, SEAM + 1))).toThrow("comes from another copy of ampwire");
  });
});

test.each([5, {}])("the option locator: %j is refused", (value) => {
  // A JavaScript program may pass any value.
  expect(() => scriptedPeer({ locator: value as unknown as ResponderLocator })).toThrow(InvalidSignature);
});

test("the option locator of another copy of the package is refused", () => {
  const branded = (brand: unknown): ResponderLocator =>
    Object.assign({ locateResponder: () => undefined }, { [RESPONDER_BRAND]: brand });
  expect(() => scriptedPeer({ locator: branded(SEAM + 1) })).toThrow("the option locator");
  expect(() => scriptedPeer({ locator: branded(SEAM) })).not.toThrow();
});
