/** Streams that fail in a write or a read: every call rejects once, with the cause. */
import { Duplex } from "node:stream";
import { AmpError, ConnectionLost, locator } from "ampwire";
import { attach } from "ampwire/node";
import { flushPending } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { testCertificates } from "../../support/certificates.ts";
import { tidy } from "../../support/loopback.ts";
import { ANS, bytesOf, STLS } from "../../support/raw-peer.ts";
import { causeOf, ended, rejection } from "../../support/settled.ts";
import { EVIL, Mark, witness } from "../../support/witness.ts";

const { server: localCertificate } = await testCertificates();

function systemError(code: string): Error {
  return Object.assign(new Error(`write ${code}`), { code, errno: -1, syscall: "write" });
}

/** A stream whose write number `at`, counted from 0, fails. */
function failing(at: number, error: Error, when: "at once" | "later") {
  let writes = 0;
  const written: Buffer[] = [];
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      const failed = writes++ === at;
      if (!failed) written.push(chunk);
      if (when === "at once") done(failed ? error : undefined);
      else setImmediate(() => done(failed ? error : undefined));
    },
  });
  return { stream, written };
}

const CODES = ["ECONNRESET", "EPIPE", "ENOBUFS", "ETIMEDOUT", "ENOSPC"];

describe.each(CODES)("%s", (code) => {
  describe.each(["at once", "later"] as const)("%s", (when) => {
    test.each([0, 1, 2])(
      "if write %i fails, calls reject once with the cause, and nothing is written after it",
      async (at) => {
        const error = systemError(code);
        const { stream, written } = failing(at, error, when);
        const connection = attach(stream);
        tidy(connection);
        const calls: Promise<Error>[] = [];
        for (let n = 0; n < 4; n++) {
          calls.push(rejection(connection.callRemote(Mark, { text: String(n) })));
          await new Promise(setImmediate);
        }
        const reason = await ended(connection);
        expect(reason).toBeInstanceOf(ConnectionLost);
        expect(reason.cause).toBe(error);
        for (const call of calls) expect(causeOf(await call)).toBe(reason);
        expect(written).toHaveLength(at);
        expect(causeOf(await rejection(connection.callRemote(Mark, { text: "late" })))).toBe(reason);
      },
    );
  });

  test("if the write of an answer fails, the responder has run once, and the connection ends", async () => {
    const { heard, locator: marks } = witness();
    const { stream } = failing(0, systemError(code), "later");
    const connection = attach(stream, { locator: marks });
    tidy(connection);
    stream.push(bytesOf(EVIL, EVIL));
    expect((await ended(connection)).cause).toMatchObject({ code });
    expect(heard).toEqual(["evil", "evil"]);
  });

  test.each([0, 1])(
    "if write %i of an upgrade fails, it rejects once, and queued calls are not written",
    async (at) => {
      const { stream, written } = failing(at, systemError(code), "later");
      const connection = attach(stream, { role: "client" });
      tidy(connection);
      const upgrade = rejection(connection.startTLS());
      const held = rejection(connection.callRemote(Mark, { text: "held" }));
      await new Promise(setImmediate);
      if (at > 0) stream.push(bytesOf(ANS));
      expect(await upgrade).toBeInstanceOf(AmpError);
      expect(await held).toBeInstanceOf(AmpError);
      await ended(connection);
      expect(Buffer.concat(written).includes("held")).toBe(false);
    },
  );

  test("if the write of the answer to a StartTLS fails, the connection ends", async () => {
    const { stream } = failing(0, systemError(code), "later");
    const connection = attach(stream, { role: "server", tls: { localCertificate } });
    tidy(connection);
    stream.push(bytesOf(STLS));
    expect(await ended(connection)).toBeInstanceOf(AmpError);
    expect(connection.secure).toBe(false);
  });

  test("if reading fails with an ask in progress, its late answer is dropped", async () => {
    let answer = () => {};
    const slow = Mark.responder((args) => new Promise((resolve) => (answer = () => resolve(args))));
    const { stream, written } = failing(9, systemError(code), "at once");
    const connection = attach(stream, { locator: locator(slow) });
    tidy(connection);
    stream.push(bytesOf(EVIL));
    await flushPending();
    stream.destroy(systemError(code));
    expect((await ended(connection)).cause).toMatchObject({ code });
    answer();
    await flushPending();
    expect(written).toEqual([]);
  });
});
