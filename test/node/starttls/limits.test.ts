/** The cost that a peer can cause before, during and after an upgrade. */
import { once } from "node:events";
import { Duplex } from "node:stream";
import { BoxTooLarge, bytes, command, IdleTimeout, LimitExceeded, locator } from "ampwire";
import { attach } from "ampwire/node";
import { describe, expect, test } from "vitest";
import { testCertificates } from "../../support/certificates.ts";
import { ours, tidy } from "../../support/loopback.ts";
import { ANS, bytesOf, STLS } from "../../support/raw-peer.ts";
import { causeOf, ended, rejection } from "../../support/settled.ts";
import { until } from "../../support/within.ts";
import { witness } from "../../support/witness.ts";

const { server: localCertificate } = await testCertificates();
const tls = { localCertificate };

/** The beginning of a box without end: values of 60,000 bytes. */
function endless(count: number): Buffer {
  const value = Buffer.alloc(60_000, "x");
  const entries = Array.from({ length: count }, (_, i) => [`key${i}`, value]);
  return bytesOf(Object.fromEntries(entries) as Record<string, Buffer>).subarray(0, -2);
}

describe("case 20: a box without end", () => {
  test("a box without end in plaintext closes the connection", async () => {
    const { connection, peer } = await ours("server", { limits: { maxBoxBytes: 200_000 } });
    peer.send(endless(4));
    const reason = await ended(connection);
    expect(reason).toBeInstanceOf(BoxTooLarge);
    expect(reason.message).toContain("maxBoxBytes");
  });

  test("a box without end in place of the answer to StartTLS closes the connection", async () => {
    const { connection, peer } = await ours("server", { limits: { maxBoxBytes: 200_000 } });
    const upgrade = rejection(connection.startTLS());
    await peer.box();
    peer.send(endless(4));
    expect(await upgrade).toBeInstanceOf(BoxTooLarge);
    expect(await ended(connection)).toBe(causeOf(await upgrade));
  });

  test("a box without end inside TLS closes the connection", async () => {
    const { connection, peer } = await ours("server", { tls, limits: { maxBoxBytes: 200_000 } });
    peer.send(STLS);
    await peer.box();
    (await peer.secure()).send(endless(4));
    expect(await ended(connection)).toBeInstanceOf(BoxTooLarge);
  });
});

test("case 20: a box that comes byte by byte costs no more than its length", async () => {
  const whole = Buffer.concat([endless(9), Buffer.alloc(2)]);
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const connection = attach(stream, { limits: { maxBoxBytes: 2 * whole.length } });
  tidy(connection);
  const start = performance.now();
  for (let at = 0; at < whole.length; at++) {
    stream.push(whole.subarray(at, at + 1));
    if (stream.readableLength > 10_000) await once(stream, "data");
  }
  // A box that is neither ask nor answer. The connection detects this only at its end.
  expect((await ended(connection)).message).toContain("neither ask nor answer");
  // With quadratic cost it would take minutes.
  expect(performance.now() - start).toBeLessThan(10_000);
});

test("case 20: asks in progress are limited; above the limit nothing is read", async () => {
  const Wait = command("Wait");
  const running: (() => void)[] = [];
  const { peer } = await ours("server", {
    tls,
    limits: { maxAsksInProgress: 10 },
    locator: locator(Wait.responder(() => new Promise<void>((resolve) => running.push(resolve)))),
  });
  peer.send(STLS);
  await peer.box();
  const inside = await peer.secure();
  inside.send(...Array.from({ length: 25 }, (_, i) => ({ _ask: String(i), _command: "Wait" })));
  const sizes: number[] = [];
  for (let answered = 0; answered < 25; ) {
    await until(() => running.length > 0);
    sizes.push(running.length);
    for (const resolve of running.splice(0)) {
      resolve();
      expect(await inside.box()).toEqual({ _answer: String(answered++) });
    }
  }
  expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
});

test("case 20: answers queued for TLS are limited; above the limit one more ask closes the connection", async () => {
  const Big = command("Big", { response: { data: bytes() } });
  let served = 0;
  const big = Big.responder(() => {
    served++;
    return { data: new Uint8Array(10_000) };
  });
  const { connection, peer } = await ours("server", {
    tls,
    limits: { maxUnsentBytes: 100_000 },
    locator: locator(big),
  });
  const upgrade = rejection(connection.startTLS());
  await peer.box();
  peer.send(...Array.from({ length: 1_000 }, (_, i) => ({ _ask: String(i), _command: "Big" })), ANS);
  const reason = await upgrade;
  expect(reason).toBeInstanceOf(LimitExceeded);
  expect(reason).toMatchObject({ message: expect.stringContaining("maxUnsentBytes") });
  expect(await ended(connection)).toBe(causeOf(reason));
  expect(served).toBeLessThanOrEqual(11);
});

describe("case 20: an idle connection", () => {
  const limits = { idleTimeout: 50 };

  test("an idle connection in plaintext is closed at the idle timeout", async () => {
    const { connection } = await ours("server", { limits });
    expect(await ended(connection)).toBeInstanceOf(IdleTimeout);
  });

  test("an idle connection inside TLS is closed at the idle timeout", async () => {
    const { heard, locator: marks } = witness();
    const { connection, peer } = await ours("server", { tls, limits, locator: marks });
    peer.send(STLS);
    await peer.box();
    const inside = await peer.secure();
    inside.send({ _ask: "a", _command: "Mark", text: "once" });
    expect(await inside.box()).toEqual({ _answer: "a", text: "once" });
    expect(await ended(connection)).toBeInstanceOf(IdleTimeout);
    expect(heard).toEqual(["once"]);
  });
});
