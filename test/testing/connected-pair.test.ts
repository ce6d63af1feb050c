import { CallTimeout, command, locator, StartTLS, unicode } from "ampwire";
import { connectedPair, flushPending, manualClock, randomChunking } from "ampwire/testing";
import { expect, test } from "vitest";
import { rejection } from "../support/settled.ts";

const Echo = command("Echo", { arguments: { text: unicode() }, response: { text: unicode() } });
const echoes = locator(Echo.responder((args) => args));

test("a connected pair makes calls in both directions", async () => {
  const [a, b] = connectedPair({ locator: echoes }, { locator: echoes });
  expect(await a.callRemote(Echo, { text: "to b" })).toEqual({ text: "to b" });
  expect(await b.callRemote(Echo, { text: "to a" })).toEqual({ text: "to a" });
  await a.close();
  await b.closed;
});

test("a connected pair works with any capacity and any pieces", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const [a] = connectedPair(
      {},
      { locator: echoes },
      { capacity: 1 + seed, chunking: randomChunking(seed) },
    );
    const text = "é".repeat(100);
    const answers = await Promise.all([1, 2, 3].map(() => a.callRemote(Echo, { text })));
    expect(answers).toEqual([{ text }, { text }, { text }]);
    await a.close();
  }
});

test("time does not advance in a connected pair unless a clock is given", async () => {
  const silent = locator(Echo.responder(() => new Promise<never>(() => {})));
  const clock = manualClock();
  const [a] = connectedPair({}, { locator: silent }, { clock });
  const failed = rejection(a.callRemote(Echo, { text: "" }, { timeout: 100 }));
  clock.advance(100);
  expect(await failed).toBeInstanceOf(CallTimeout);

  const [still] = connectedPair({}, { locator: silent });
  const waiting = still.callRemote(Echo, { text: "" }, { timeout: 1 });
  waiting.catch(() => {});
  await flushPending();
  expect(await Promise.race([waiting, Promise.resolve("still waiting")])).toBe("still waiting");
  still.destroy();
});

test("a connected pair simulates StartTLS", async () => {
  const [a, b] = connectedPair(
    {},
    {
      locator: locator(
        echoes,
        StartTLS.responder(() => ({})),
      ),
    },
    { fakeTLS: true },
  );
  const [, answer] = await Promise.all([a.startTLS(), a.callRemote(Echo, { text: "held" })]);
  expect(answer).toEqual({ text: "held" });
  expect([a.secure, b.secure]).toEqual([true, true]);
});
