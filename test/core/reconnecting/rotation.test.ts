/** The order in which a client tries several addresses. */
import { ConnectFailed } from "ampwire";
import { connectedPair, manualClock } from "ampwire/testing";
import { expect, test, vi } from "vitest";
import { openInTurn, Rotation } from "../../../src/core/reconnecting/rotation.ts";
import { rejection } from "../../support/settled.ts";

const LISTED = () => 1; // keeps the order of the list

function rotation(addresses: readonly string[], random: () => number = LISTED) {
  const clock = manualClock();
  clock.advance(100_000);
  const source = new Rotation(addresses, random, clock);
  const order = () => source.order().join("");
  const connect = (address: string) => {
    source.tried(address);
    source.succeeded(address);
  };
  return { clock, source, order, connect };
}

test("addresses are tried in turn: one that was used goes to the end", () => {
  const { order, connect } = rotation(["a", "b", "c"]);
  expect(order()).toBe("abc");
  connect("a");
  expect(order()).toBe("bca");
  connect("b");
  connect("c");
  expect(order()).toBe("abc");
});

test("an address that has failed is tried after the others for a minute", () => {
  const { clock, source, order, connect } = rotation(["a", "b", "c"]);
  source.tried("a");
  connect("b");
  expect(order()).toBe("cba");
  connect("c");
  expect(order()).toBe("bca");
  clock.advance(59_999);
  expect(order()).toBe("bca");
  clock.advance(1);
  expect(order()).toBe("abc");
});

test("addresses that have failed are tried in turn among each other", () => {
  const { source, order } = rotation(["a", "b", "c"]);
  source.tried("b");
  source.tried("a");
  expect(order()).toBe("cba");
  source.succeeded("a");
  expect(order()).toBe("cab");
});

test("every order of the addresses is equally likely at first, and is kept", () => {
  let state = 1;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647; // Lehmer's generator: the same numbers in every run
    return state / 2_147_483_647;
  };
  const counts = new Map<string, number>();
  for (let client = 0; client < 6_000; client++) {
    const { order } = rotation(["a", "b", "c"], random);
    const first = order();
    expect(order()).toBe(first);
    counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(120);
});

test.each([0, 1, Number.NaN, -1, 2])("a random number of %d loses no address", (number) => {
  const { order } = rotation(["a", "b", "c"], () => number);
  expect([...order()].sort()).toEqual(["a", "b", "c"]);
});

test("the random number 0 exchanges each address with the first one", () => {
  expect(rotation(["a", "b", "c"], () => 0).order()).toBe("bca");
});

test("openInTurn rejects with the error of a single address itself", async () => {
  const failure = new Error("down");
  const source = new Rotation(["a"], LISTED, manualClock());
  const failing = openInTurn(
    source,
    () => Promise.reject(failure),
    () => false,
  );
  expect(await rejection(Promise.resolve(failing.open(new AbortController().signal)))).toBe(failure);
});

test("openInTurn names the reasons of all addresses, each reason once", async () => {
  const source = new Rotation(["a", "b", "c"], LISTED, manualClock());
  const failing = openInTurn(
    source,
    (address: string) => Promise.reject(new Error(address === "c" ? "no" : "down")),
    () => false,
  );
  const error = await rejection(Promise.resolve(failing.open(new AbortController().signal)));
  expect(error).toBeInstanceOf(ConnectFailed);
  expect(error.message).toBe("none of the 3 addresses could be connected: down; no");
  const { errors } = error.cause as AggregateError;
  expect(errors.map(String)).toEqual(["Error: down", "Error: down", "Error: no"]);
});

test("openInTurn stops at an error of the options, and when its signal is aborted", async () => {
  const tried: string[] = [];
  const controller = new AbortController();
  const open = async (address: string): Promise<never> => {
    tried.push(address);
    if (address === "d") controller.abort(new Error("enough"));
    throw new TypeError(address);
  };
  const strict = openInTurn(
    new Rotation(["a", "b"], LISTED, manualClock()),
    open,
    (error) => error instanceof TypeError,
  );
  expect((await rejection(Promise.resolve(strict.open(controller.signal)))).message).toBe("a");
  const aborted = openInTurn(new Rotation(["c", "d", "e"], LISTED, manualClock()), open, () => false);
  await rejection(Promise.resolve(aborted.open(controller.signal)));
  expect(tried).toEqual(["a", "c", "d"]);
});

test("openInTurn tries no address if its signal is aborted while the addresses are looked up", async () => {
  const controller = new AbortController();
  const order = async () => {
    controller.abort(new Error("enough"));
    return ["a"];
  };
  const source = { order, tried: vi.fn(), succeeded: vi.fn() };
  const open = vi.fn(() => Promise.reject(new Error("a connection was opened")));
  const factory = openInTurn(source, open, () => false);
  expect((await rejection(Promise.resolve(factory.open(controller.signal)))).message).toBe("enough");
  expect(source.tried).not.toHaveBeenCalled();
  expect(open).not.toHaveBeenCalled();
});

test("openInTurn passes the address of a connection on once it is set up, and ignores an unknown connection", async () => {
  const source = { order: () => ["a"], tried: vi.fn(), succeeded: vi.fn() };
  const [connection, other] = connectedPair();
  const factory = openInTurn(
    source,
    async () => connection,
    () => false,
  );
  await factory.open(new AbortController().signal);
  expect(factory.addressOf?.(connection)).toBe("a");
  expect(source.succeeded).not.toHaveBeenCalled();
  factory.succeeded?.(other);
  expect(source.succeeded).not.toHaveBeenCalled();
  factory.succeeded?.(connection);
  expect(source.succeeded.mock.calls).toEqual([["a"]]);
});
