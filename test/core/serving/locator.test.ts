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
import { connectedPair } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { Divide, Sum, summing } from "../calculator.ts";

/** What two connections make of a locator. */
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
  test("of nothing finds nothing", () => {
    expect(locator().locateResponder("Sum")).toBeUndefined();
    expect(locator().locateResponder("constructor")).toBeUndefined();
  });

  test("finds responders by the exact name of their command", () => {
    const found = locator(summing);
    expect(found.locateResponder("Sum")).toBe(summing);
    expect(found.locateResponder("sum")).toBeUndefined();
  });

  test("refuses two responders for one command", () => {
    expect(() =>
      locator(
        summing,
        Sum.responder(() => ({ total: 0 })),
      ),
    ).toThrow(InvalidSignature);
    expect(() => locator(summing, summing)).toThrow("two responders are given for Sum");
  });

  test.each([
    ["an object without responders", {}, "neither methods"],
    ["an instance without responders", new (class Empty {})(), "neither methods"],
    ["a function", () => {}, "not of a function"],
    ["null", null, "not of null"],
    ["nothing", undefined, "not of undefined"],
    ["a name", "Sum", 'not of "Sum"'],
  ])("refuses %s, and says what it needs", (_, source, message) => {
    expect(() => locator(source as object)).toThrow(InvalidSignature);
    expect(() => locator(source as object)).toThrow(message);
  });

  test("takes other locators: the first that knows the command wins", async () => {
    const first = locator(Sum.responder(() => ({ total: 1 })));
    const second = locator(
      Sum.responder(() => ({ total: 2 })),
      Divide.responder(() => ({ result: 2 })),
    );
    const joined = locator(first, second);
    expect(await total(joined)).toBe(1);
    expect(joined.locateResponder("Divide")).toBe(second.locateResponder("Divide"));
  });

  test("a responder given directly comes before any other source, wherever it stands", async () => {
    const other = locator(Sum.responder(() => ({ total: 0 })));
    expect(await total(locator(other, new Calculator(), summing))).toBe(3);
  });

  test("anything with locateResponder is a locator, and is asked every time", () => {
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

  test("one that throws is a responder that throws", async () => {
    const broken = {
      locateResponder(): never {
        throw new Error("broken");
      },
    };
    await expect(total(broken)).rejects.toMatchObject({ errorCode: "UNKNOWN" });
  });
});

describe("decorated methods", () => {
  test("run on their object", async () => {
    const calculator = new Calculator();
    expect(await total(locator(calculator))).toBe(3);
    expect(calculator.calls).toBe(1);
  });

  test("of two objects do not get mixed up", async () => {
    const [one, two] = [new Calculator(), new Calculator()];
    await total(locator(one));
    await total(locator(two));
    await total(locator(two));
    expect([one.calls, two.calls]).toEqual([1, 2]);
  });

  test("can still be called like any method", () => {
    expect(new Calculator().sum({ a: 1, b: 2 })).toEqual({ total: 3 });
  });

  test("are inherited, and see what the subclass has", async () => {
    class Generous extends Calculator {
      override readonly bonus = 100;
    }
    const found = locator(new Generous());
    expect(await total(found)).toBe(103);
    expect(found.locateResponder("Divide")).toBeDefined();
  });

  test("may be overridden, decorated again or not", async () => {
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

  test("may be private", async () => {
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

  test("may answer several commands", async () => {
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

  test("are standard ones: those of old are told how to become it", () => {
    // As the compiler calls it with `experimentalDecorators`: the prototype, the name, the descriptor.
    const decorate = Sum.responder as unknown as (...args: unknown[]) => void;
    expect(() => decorate({}, "sum", {})).toThrow(/compile without experimentalDecorators$/);
  });

  test("are not to be had on static methods", () => {
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

  test("serve command NAME with the raw box, in any case of its name", async () => {
    const [client] = connectedPair({}, { locator: locator(new Raw()) });
    for (const name of ["RAW", "raw", "Raw"]) {
      const answer = await client.callRemoteString(name, new Box({ say: "hello" }));
      expect([answer.text("said"), answer.text("secure")]).toEqual(["hello", "false"]);
    }
    expect((await client.callRemoteString("later")).text("late")).toBe("yes");
  });

  test("are inherited, and run on their object", async () => {
    class Louder extends Raw {
      override readonly prefix = "LOUD ";
    }
    const [client] = connectedPair({}, { locator: locator(new Louder()) });
    expect((await client.callRemoteString("raw", new Box({ say: "x" }))).text("said")).toBe("LOUD x");
  });

  test("stand beside decorated ones, which come first", async () => {
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

  test("nothing else of an object is served", () => {
    const odd = { amp_RAW: () => new Box(), amp_VALUE: 7, secret: () => new Box() };
    const found = locator(odd);
    for (const name of ["secret", "value", "toString", "", "amp_RAW"])
      expect(found.locateResponder(name)).toBeUndefined();
  });
});
