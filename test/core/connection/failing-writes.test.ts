/** A transport of the program whose `write` throws: the connection is lost, and no error is thrown where nothing catches it. */
import { bytes, Connection, ConnectionLost, command, type Transport, type TransportReceiver } from "ampwire";
import { manualClock } from "ampwire/testing";
import { expect, test } from "vitest";
import { ended, rejection } from "../../support/settled.ts";
import { Sum } from "../calculator.ts";

const Store = command("Store", { arguments: { data: bytes() } });

/** A connection on a transport that sends nothing and throws. */
function connectionThatCannotWrite() {
  const reasons: (Error | undefined)[] = [];
  let receiver: TransportReceiver | undefined;
  const transport: Transport = {
    unsent: 0,
    undelivered: 0,
    start(it) {
      receiver = it;
    },
    write() {
      throw new Error("no more");
    },
    flushed: () => Promise.resolve(),
    pause() {},
    resume() {},
    end() {},
    destroy(reason) {
      reasons.push(reason);
      receiver?.lost(reason);
      receiver = undefined;
    },
  };
  return { connection: new Connection(transport, manualClock(), {}), reasons };
}

test("a write that throws destroys the transport with the error, and the call rejects with ConnectionLost", async () => {
  const { connection, reasons } = connectionThatCannotWrite();
  const error = await rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
  expect(error).toBeInstanceOf(ConnectionLost);
  expect(error.message).toBe("Sum: the connection was lost: no more");
  expect(reasons).toEqual([new Error("no more")]);
  expect(await ended(connection)).toMatchObject({ cause: new Error("no more") });
});

test("a call with a large value, which is written at once, rejects with ConnectionLost too", async () => {
  const { connection } = connectionThatCannotWrite();
  expect(await rejection(connection.callRemote(Store, { data: new Uint8Array(50_000) }))).toBeInstanceOf(
    ConnectionLost,
  );
});

test.each(["destroy", "close"] as const)(
  "%s() ends a connection whose transport cannot write",
  async (end) => {
    const { connection } = connectionThatCannotWrite();
    const call = rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    void connection[end]();
    expect(await call).toBeInstanceOf(Error);
    await ended(connection);
    expect(connection.state).toBe("closed");
  },
);
