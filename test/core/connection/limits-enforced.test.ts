/** Invalid timeouts are rejected: a timer of NaN milliseconds would fire at once or never. */
import { expect, test } from "vitest";
import { command } from "../../../src/index.ts";
import { connect } from "../../../src/node/index.ts";
import { connectedPair } from "../../../src/testing/index.ts";
import { connect as connectWebSocket } from "../../../src/websocket/index.ts";

const Nothing = command("Nothing");

test.each([Number.NaN, -1])("a timeout of %d is rejected", async (timeout) => {
  expect(() => connectedPair({ callTimeout: timeout })).toThrow(
    new RangeError(`callTimeout must be a number of at least 0, not ${timeout}`),
  );
  const [connection] = connectedPair();
  await expect(connection.callRemote(Nothing, {}, { timeout })).rejects.toThrow(
    new RangeError(`timeout must be a number of at least 0, not ${timeout}`),
  );
  for (const options of [{ callTimeout: timeout }, { connectTimeout: timeout }]) {
    await expect(connect({ port: 1, ...options })).rejects.toThrow(/Timeout must be a number of at least 0/);
    await expect(connectWebSocket("ws://127.0.0.1:1/", options)).rejects.toThrow(/Timeout must be a number/);
  }
});

test("0 and Infinity are valid timeouts", async () => {
  const [connection] = connectedPair({ callTimeout: Number.POSITIVE_INFINITY });
  const call = connection.callRemote(Nothing, {}, { timeout: 0 });
  connection.destroy();
  await expect(call).rejects.toThrow("destroyed");
});
