import { expect, test } from "vitest";
import { type Contract, client } from "../../../src/core/calls/client.ts";
import { command } from "../../../src/core/command/command.ts";
import { InvalidSignature } from "../../../src/core/errors/caller.ts";
import { type Implementation, implement } from "../../../src/core/serving/implement.ts";
import { integer, listOf, unicode } from "../../../src/index.ts";
import { connectedPair } from "../../../src/testing/connected-pair.ts";

const Sum = command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } });
const Join = command("Join", { arguments: { words: listOf(unicode()) }, response: { text: unicode() } });
const Tell = command("Tell", { arguments: { text: unicode() }, requiresAnswer: false });
const contract = { Sum, concatenate: Join, Tell };

/** A value that the compiler would reject, as a JavaScript program may pass it. */
function untyped<T>(value: unknown): T {
  return value as T;
}

test("client() calls the commands of a contract that implement() serves", async () => {
  const told: string[] = [];
  const [caller] = connectedPair(
    {},
    {
      locator: implement(contract, {
        Sum: ({ a, b }) => ({ total: a + b }),
        concatenate: async ({ words }) => ({ text: words.join("") }),
        Tell({ text }) {
          told.push(text);
        },
      }),
    },
  );
  const calls = client(caller, contract);
  expect(calls.Tell({ text: "hello" })).toBeUndefined();
  expect(await calls.Sum({ a: 2, b: 3 })).toEqual({ total: 5 });
  expect(await calls.concatenate({ words: ["a", "b"] }, { timeout: 1000 })).toEqual({ text: "ab" });
  expect(told).toEqual(["hello"]);
  await caller.close();
});

test("a client's method rejects when the signal of the call is aborted", async () => {
  const [caller] = connectedPair({}, {});
  const reason = new Error("stopped");
  const signal = AbortSignal.abort(reason);
  await expect(client(caller, { Sum }).Sum({ a: 1, b: 2 }, { signal })).rejects.toBe(reason);
  await caller.close();
});

test("implement() calls the methods of an instance on it, and those of a subclass", async () => {
  class Adder implements Implementation<{ readonly Sum: typeof Sum }> {
    offset = 10;
    Sum({ a, b }: { a: number; b: number }) {
      return { total: a + b + this.offset };
    }
  }
  class Doubler extends Adder {
    override Sum(values: { a: number; b: number }) {
      return { total: 2 * super.Sum(values).total };
    }
  }
  const [caller] = connectedPair({}, { locator: implement({ Sum }, new Doubler()) });
  expect(await client(caller, { Sum }).Sum({ a: 1, b: 2 })).toEqual({ total: 26 });
  await caller.close();
});

test("implement() throws for a responder that is missing, extra or not a function", () => {
  const sum = () => ({ total: 1 });
  expect(() => implement({ Sum, Join }, untyped({ Sum: sum }))).toThrow(
    "implement: the responder of Join must be a function, not undefined",
  );
  expect(() => implement({ Sum }, untyped({ Sum: 3 }))).toThrow(/responder of Sum must be a function, not 3/);
  expect(() => implement({ Sum }, untyped({ Sum: sum, Divide: sum }))).toThrow(
    "implement: Divide is not a command of the contract",
  );
  expect(() => implement({ Sum }, untyped(null))).toThrow(InvalidSignature);
  for (const responders of [null, undefined, "Sum"])
    expect(() => implement({ Sum }, untyped(responders))).toThrow(
      /^implement: an object with a responder for each command is needed, not /,
    );
  expect(() => implement(untyped<{ Sum: typeof Sum }>({ Sum: undefined }), { Sum: sum })).toThrow(
    "implement: Sum must be a Command, not undefined",
  );
  expect(() => implement(untyped<{ Sum: typeof Sum }>({ Sum: 3 }), { Sum: sum })).toThrow(
    "implement: Sum must be a Command, not 3",
  );
});

test("implement() throws for an extra responder in an object without a prototype", () => {
  const responders = Object.assign(Object.create(null), { Sum: () => ({ total: 1 }), Divide: () => ({}) });
  expect(() => implement({ Sum }, untyped(responders))).toThrow(
    "implement: Divide is not a command of the contract",
  );
});

test("implement() throws if two commands of a contract have the same name on the wire", () => {
  const sum = () => ({ total: 1 });
  expect(() => implement({ Sum, Add: Sum }, { Sum: sum, Add: sum })).toThrow(
    "two responders are given for Sum",
  );
});

test.each([null, undefined, "Sum", {}])("client() throws for the caller %j", (caller) => {
  expect(() => client(untyped(caller), { Sum })).toThrow(/^client: the caller must be a connection, not /);
});

test.each([null, undefined, "Sum"])("client() throws for the contract %j", (contract) => {
  const [caller] = connectedPair({}, {});
  expect(() => client(caller, untyped<Contract>(contract))).toThrow(/^a contract must be an object, not /);
  caller.destroy();
});

test("client() throws for a value that is not a command", () => {
  const [caller] = connectedPair({}, {});
  expect(() => client(caller, untyped<{ Sum: typeof Sum }>({ Sum: "Sum" }))).toThrow(
    'client: Sum must be a Command, not "Sum"',
  );
  expect(() => client(caller, untyped<Contract>({ Sum: undefined }))).toThrow(
    "client: Sum must be a Command, not undefined",
  );
  caller.destroy();
});
