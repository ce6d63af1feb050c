/** Timeouts of attempts to connect. */
import type { LookupFunction } from "node:net";
import { ConnectFailed } from "ampwire";
import { connect, listen } from "ampwire/node";
import { manualClock } from "ampwire/testing";
import { expect, onTestFinished, test } from "vitest";
import { deferred } from "../support/deferred.ts";
import { rejection } from "../support/settled.ts";

const host = "amp.example";

test.each([Number.POSITIVE_INFINITY, 2 ** 31])(
  "connectTimeout may be %d, longer than Node's longest timer",
  async (connectTimeout) => {
    const server = await listen({ port: 0, host: "127.0.0.1" });
    onTestFinished(() => server.destroy());
    const slowly: LookupFunction = (_name, _options, callback) => {
      setTimeout(() => callback(null, [{ address: "127.0.0.1", family: 4 }]), 20);
    };
    const connection = await connect({ port: server.address().port, host, lookup: slowly, connectTimeout });
    expect(connection.state).toBe("open");
    await connection.close();
  },
);

test("connectTimeout uses the clock from the options", async () => {
  const clock = manualClock();
  const asked = deferred();
  const never: LookupFunction = () => asked.resolve();
  const attempt = rejection(connect({ port: 1, host, lookup: never, clock, connectTimeout: 60_000 }));
  await asked.promise;
  clock.advance(60_000);
  const error = await attempt;
  expect(error).toBeInstanceOf(ConnectFailed);
  expect(error.message).toBe("amp.example:1 did not answer within 60000 ms");
  expect(clock.pending).toBe(0);
});
