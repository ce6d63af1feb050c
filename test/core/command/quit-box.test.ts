/** `responseType: quitBox`: an answer that ends the connection. */
import {
  BoxDispatcher,
  ConnectionClosed,
  ConnectionLost,
  command,
  InvalidSignature,
  integer,
  locator,
  type Observer,
  quitBox,
  StartTLS,
} from "ampwire";
import { connectedPair, flushPending, scriptedPeer } from "ampwire/testing";
import { expect, test } from "vitest";
import { deferred } from "../../support/deferred.ts";
import { ended, rejection } from "../../support/settled.ts";

class Refused extends Error {}
const Goodbye = command("Goodbye", {
  arguments: { status: integer() },
  response: { status: integer() },
  errors: { REFUSED: Refused },
  responseType: quitBox,
});
const goodbye = Goodbye.responder(({ status }) => ({ status }));
const Hang = command("Hang");
const GOODBYE = { _ask: "2", _command: "Goodbye", status: "7" };

test.each([
  ["returns a value", goodbye],
  ["returns a promise", Goodbye.responder(async ({ status }) => ({ status }))],
])("the answer of a responder that %s is received, then both ends are closed", async (_, responder) => {
  const events: string[] = [];
  const observer: Observer = {
    callAnswered: ({ command: name }) => void events.push(`${name} answered`),
    connectionClosed: () => void events.push("closed"),
  };
  const [client, server] = connectedPair({}, { locator: locator(responder), observer });
  expect(await client.callRemote(Goodbye, { status: 7 })).toEqual({ status: 7 });
  expect(await ended(server)).toBeInstanceOf(ConnectionClosed);
  expect(await ended(client)).toBeInstanceOf(ConnectionClosed);
  expect(events).toEqual(["Goodbye answered", "closed"]);
});

test("the answer is the last box: asks before it are answered, later ones are not", async () => {
  const Echo = command("Echo", { response: { n: integer() } });
  let served = 0;
  const late = deferred();
  const { connection, peer } = scriptedPeer({
    locator: locator(
      goodbye,
      Echo.responder(() => ({ n: ++served })),
      Hang.responder(() => late.promise),
    ),
  });
  const call = rejection(connection.callRemote(Hang));
  await peer.expect({ _ask: "1", _command: "Hang" });
  peer.send({ _ask: "0", _command: "Hang" }, { _ask: "1", _command: "Echo" }, GOODBYE, {
    _ask: "3",
    _command: "Echo",
  });
  await peer.expect({ _answer: "1", n: "1" }, { _answer: "2", status: "7" });
  late.resolve();
  expect((await call).message).toContain("the connection was closed here");
  await peer.expectEnd();
  expect(served).toBe(1);
});

test("an error does not close the connection, and an ask without an answer neither", async () => {
  const ran: number[] = [];
  const refusing = Goodbye.responder(({ status }) => {
    ran.push(status);
    throw new Refused("not now");
  });
  const { connection, peer } = scriptedPeer({ locator: locator(refusing) });
  peer.send(GOODBYE);
  await peer.expect({ _error: "2", _error_code: "REFUSED", _error_description: "not now" });
  peer.send({ ...GOODBYE, _ask: "3" });
  await peer.expect({ _error: "3", _error_code: "REFUSED", _error_description: "not now" });
  expect(ran).toEqual([7, 7]);
  expect(connection.state).toBe("open");

  const silent = scriptedPeer({ locator: locator(goodbye) });
  silent.peer.send({ _command: "Goodbye", status: "8" });
  silent.peer.send({ _ask: "1", _command: "Nope" });
  await silent.peer.expect({
    _error: "1",
    _error_code: "UNHANDLED",
    _error_description: "Unhandled Command: 'Nope'",
  });
  expect(silent.connection.state).toBe("open");
});

test("an answer that is ready during StartTLS is sent inside TLS, and the connection is closed then", async () => {
  const gate = deferred();
  const [client, server] = connectedPair(
    {},
    {
      locator: locator(
        Goodbye.responder(async ({ status }) => {
          await gate.promise;
          return { status };
        }),
        StartTLS.responder(async () => {
          gate.resolve();
          await flushPending();
          return {};
        }),
      ),
    },
    { fakeTLS: true },
  );
  const call = client.callRemote(Goodbye, { status: 7 });
  await client.startTLS();
  expect(await call).toEqual({ status: 7 });
  expect(client.secure).toBe(true);
  expect(await ended(server)).toBeInstanceOf(ConnectionClosed);
});

test("a BoxDispatcher ends after the last box", async () => {
  const [client, server] = [new BoxDispatcher(), new BoxDispatcher(locator(goodbye))];
  client.startReceivingBoxes({ sendBox: (box) => server.boxReceived(box), unhandledError() {} });
  server.startReceivingBoxes({ sendBox: (box) => client.boxReceived(box), unhandledError() {} });
  expect(await client.callRemote(Goodbye, { status: 7 })).toEqual({ status: 7 });
  expect(await ended(server)).toBeInstanceOf(ConnectionClosed);
  expect(client.acceptsCalls).toBe(true);
});

test("calls of the end that answers reject, and an extension inherits the kind of the answer", async () => {
  const Farewell = Goodbye.extend("Farewell");
  expect(Farewell.responseType).toBe(quitBox);
  const [client, server] = connectedPair(
    { locator: locator(Hang.responder(() => new Promise<never>(() => {}))) },
    { locator: locator(Farewell.responder(({ status }) => ({ status }))) },
  );
  const hanging = rejection(server.callRemote(Hang));
  expect(await client.callRemote(Farewell, { status: 1 })).toEqual({ status: 1 });
  expect(await hanging).toBeInstanceOf(ConnectionLost);
});

test("an ask cannot be the last box", () => {
  expect(() => command("Quit", { commandType: quitBox })).toThrow(InvalidSignature);
});
