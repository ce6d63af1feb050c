import { CallTimeout, command, locator, PeerVerifyError, StartTLS, UnhandledCommand, unicode } from "ampwire";
import { connectedPair, fakeCertificate, flushPending, manualClock, randomChunking } from "ampwire/testing";
import { expect, test } from "vitest";
import { ended, rejection } from "../support/settled.ts";

const Echo = command("Echo", { arguments: { text: unicode() }, response: { text: unicode() } });
const echoes = locator(Echo.responder((args) => args));

test("a connected pair makes calls in both directions", async () => {
  const [a, b] = connectedPair({ locator: echoes }, { locator: echoes });
  expect(await a.callRemote(Echo, { text: "to b" })).toEqual({ text: "to b" });
  expect(await b.callRemote(Echo, { text: "to a" })).toEqual({ text: "to a" });
  await a.close();
  await ended(b);
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

test("the answering end of a connected pair answers StartTLS with its option tls, without a responder", async () => {
  const server = fakeCertificate("calc");
  const client = fakeCertificate("ampwire");
  const tls = { localCertificate: server, verifyAuthorities: [client] };
  const [a, b] = connectedPair({}, { tls }, { fakeTLS: true });
  await a.startTLS({ localCertificate: client, verifyAuthorities: [server], serverName: "calc" });
  expect([a.peerCertificate?.commonName, b.peerCertificate?.commonName]).toEqual(["calc", "ampwire"]);
  expect([a.tls?.verified, b.tls?.verified]).toEqual([true, true]);
});

test("the answering end of a connected pair refuses a certificate that its option tls does not list", async () => {
  const tls = { verifyAuthorities: [fakeCertificate("ampwire")] };
  const [a, b] = connectedPair({}, { tls }, { fakeTLS: true });
  await a.startTLS({ localCertificate: fakeCertificate("stranger") }).catch(() => {});
  expect(await ended(b)).toBeInstanceOf(PeerVerifyError);
});

test("the answering end of a connected pair refuses StartTLS if its option tls is false", async () => {
  const [a] = connectedPair({}, { tls: false }, { fakeTLS: true });
  expect(await rejection(a.startTLS())).toBeInstanceOf(UnhandledCommand);
});

test("a connected pair rejects an option that it does not know, and a capacity and a role that do not exist", () => {
  // Programs in JavaScript may pass anything.
  const pair = (options: object) => () => connectedPair({}, {}, options);
  expect(pair({ fakeTls: true })).toThrow('unknown option "fakeTls" (did you mean "fakeTLS"?)');
  expect(pair({ tls: true })).toThrow('unknown option "tls"');
  for (const capacity of [0, -1, Number.NaN])
    expect(pair({ capacity })).toThrow("capacity must be a positive number");
  expect(pair({ role: "asker" })).toThrow('role must be "client" or "server", not "asker"');
});
