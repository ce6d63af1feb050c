/** Effects of an application's codec or getter that uses the connection while a box is being written. */
import { describe, expect, test } from "vitest";
import {
  type Argument,
  ConnectionClosed,
  command,
  InvalidSignature,
  integer,
  locator,
} from "../../../src/index.ts";
import { connectedPair } from "../../../src/testing/index.ts";

const Sum = command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } });

/** Returns a codec of integers that calls `something` before it encodes. */
function doing(something: () => void): Argument<number> {
  const codec = integer();
  return {
    encode(value) {
      something();
      return codec.encode(value);
    },
    decode: (bytes) => codec.decode(bytes),
  };
}

const sums = locator(Sum.responder(({ a, b }) => ({ total: a + b })));

describe("a call that is made while another is encoded", () => {
  test.each([
    ["its codec", true],
    ["a getter of its values", false],
  ])("a call that another call makes from %s is rejected, and the other one is made", async (_, byCodec) => {
    const inner: Promise<unknown>[] = [];
    const calls = () => {
      inner.push(near.callRemote(Sum, { a: 1, b: 2 }), near.callRemoteString("Sum"));
    };
    const Outer = command("Outer", { arguments: { n: doing(byCodec ? calls : () => {}) } });
    const heard: number[] = [];
    const [near, far] = connectedPair(
      {},
      {
        locator: locator(
          sums,
          Outer.responder(({ n }) => void heard.push(n)),
        ),
      },
    );
    const values = {
      get n() {
        if (!byCodec) calls();
        return 7;
      },
    };
    await near.callRemote(Outer, values);
    expect(heard).toEqual([7]);
    expect(inner.length).toBeGreaterThanOrEqual(2);
    for (const call of inner)
      await expect(call).rejects.toThrow(/was called while the values of another box/);
    for (const call of inner) await expect(call).rejects.toBeInstanceOf(InvalidSignature);
    expect((await near.callRemote(Sum, { a: 3, b: 4 })).total).toBe(7);
    await Promise.all([near.close(), far.close()]);
  });

  test("a call that is made while an answer is encoded is rejected, and the answer is sent", async () => {
    let inner: Promise<unknown> | undefined;
    const Outer = command("Outer", {
      response: {
        n: doing(() => {
          inner = far.callRemote(Sum, { a: 1, b: 2 });
        }),
      },
    });
    const [near, far] = connectedPair(
      { locator: sums },
      { locator: locator(Outer.responder(() => ({ n: 5 }))) },
    );
    expect((await near.callRemote(Outer)).n).toBe(5);
    await expect(inner).rejects.toBeInstanceOf(InvalidSignature);
    expect((await far.callRemote(Sum, { a: 3, b: 4 })).total).toBe(7);
  });
});

test("a codec that ends the connection ends its own call and affects no other connection", async () => {
  const Outer = command("Outer", { arguments: { n: doing(() => near.destroy()) } });
  const [near] = connectedPair();
  await expect(near.callRemote(Outer, { n: 1 })).rejects.toBeInstanceOf(ConnectionClosed);
  // The bytes that were being written are in no other connection's output.
  const [next] = connectedPair({}, { locator: sums });
  expect((await next.callRemote(Sum, { a: 3, b: 4 })).total).toBe(7);
});
