/** The key `_m.ampwire`: when an end shows that it knows the own commands, and to which peers. */
import { Box, type BoxReceiver, type BoxSender, command, locator, StartTLS, unicode } from "ampwire";
import { connectedPair, flushPending, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { kernelOf } from "../../../src/core/connection/connection.ts";
import { calculator, Note, SUM, Sum, TOTAL } from "../calculator.ts";

const SHOWN = { "_m.ampwire": "1" };
/** An ask of Sum as bytes, from the second key on. */
const SUM_BYTES = "0008 5f636f6d6d616e64 0003 53756d 0001 61 0001 31 0001 62 0001 32 0000";
const TOTAL_BYTES = "0007 5f616e73776572 0001 31 0005 746f74616c 0001 33";
const KEY_BYTES = "000a 5f6d2e616d7077697265 0001 31";

const serving = (options = {}) =>
  scriptedPeer({ locator: calculator().locator, ...options }, { role: "server", fakeTLS: true });
const calling = (options = {}) => scriptedPeer(options, { role: "client", fakeTLS: true });
/** The answer to a call of Sum with the tag 1. */
const total = (tag: string) => ({ ...TOTAL, _answer: tag });
const ask = (tag: string) => ({ ...SUM, _ask: tag });

describe("the end that accepted the connection", () => {
  test("the first answer shows the key, last in the box, and no later answer does", async () => {
    const { peer } = serving();
    peer.send(SUM, SUM);
    await peer.expect(`${TOTAL_BYTES} ${KEY_BYTES} 0000 ${TOTAL_BYTES} 0000`);
  });

  test("an error does not show the key", async () => {
    const { peer } = serving();
    peer.send({ _ask: "1", _command: "Unknown" });
    await peer.expect({
      _error: "1",
      _error_code: "UNHANDLED",
      _error_description: "Unhandled Command: 'Unknown'",
    });
    peer.send(SUM);
    await peer.expect({ ...TOTAL, ...SHOWN });
  });

  test("an ask without an answer does not show the key", async () => {
    const { peer } = serving();
    peer.send({ _command: "Note", text: "x" }, SUM);
    await peer.expect(`${TOTAL_BYTES} ${KEY_BYTES} 0000`);
  });

  test("an answer that comes later and one with a large value show the key last", async () => {
    const Big = command("Big", { response: { text: unicode() } });
    const text = "x".repeat(60_000);
    const { peer } = serving({ locator: locator(Big.responder(async () => ({ text }))) });
    peer.send({ _ask: "1", _command: "Big" });
    const box = await peer.next();
    expect([...(box?.keys() ?? [])]).toEqual(["_answer", "text", "_m.ampwire"]);
    expect(box?.text("text")).toBe(text);
  });

  test("the answer of a raw responder shows the key", async () => {
    const { peer } = serving({ locator: { locateResponder: () => () => new Box({ text: "raw" }) } });
    peer.send({ _ask: "1", _command: "Any" });
    await peer.expect({ _answer: "1", text: "raw", ...SHOWN });
  });

  test("an ask of this end does not show the key", async () => {
    const { connection, peer } = serving();
    void connection.callRemote(Sum, { a: 1, b: 2 });
    await peer.expect(SUM);
  });

  test("with extensions: false no answer shows the key", async () => {
    const { peer } = serving({ extensions: false });
    peer.send(SUM);
    await peer.expect(`${TOTAL_BYTES} 0000`);
  });

  test("a connection with a receiver shows no key", async () => {
    let sender: BoxSender | undefined;
    const receiver: BoxReceiver = {
      startReceivingBoxes(given) {
        sender = given;
      },
      boxReceived: (box) => sender?.sendBox(new Box({ _answer: box.text("_ask") ?? "", total: "3" })),
      stopReceivingBoxes() {},
    };
    const { peer } = serving({ receiver });
    peer.send(SUM);
    await peer.expect(`${TOTAL_BYTES} 0000`);
  });

  test("an end without a role shows no key", async () => {
    const { peer } = scriptedPeer({ locator: calculator().locator });
    peer.send(SUM);
    await peer.expect(`${TOTAL_BYTES} 0000`);
  });
});

describe("the end that opened the connection", () => {
  test("the next ask shows the key after the arguments, once the peer has shown it", async () => {
    const { connection, peer } = calling();
    const first = connection.callRemote(Sum, { a: 1, b: 2 });
    await peer.expect(`0004 5f61736b 0001 31 ${SUM_BYTES}`);
    peer.send({ ...TOTAL, ...SHOWN });
    expect(await first).toEqual({ total: 3 });
    void connection.callRemote(Sum, { a: 1, b: 2 });
    void connection.callRemote(Sum, { a: 1, b: 2 });
    await peer.expect(
      `0004 5f61736b 0001 32 ${SUM_BYTES.slice(0, -5)} ${KEY_BYTES} 0000`,
      `0004 5f61736b 0001 33 ${SUM_BYTES}`,
    );
  });

  test("a peer that shows no key receives no key, however many answers it sends", async () => {
    const { connection, peer } = calling();
    for (const tag of ["1", "2", "3"]) {
      const answer = connection.callRemote(Sum, { a: 1, b: 2 });
      await peer.expect(ask(tag));
      peer.send(total(tag));
      await answer;
    }
  });

  test("the key may stand anywhere in an answer: Twisted sorts the keys", async () => {
    const { connection, peer } = calling();
    const answer = connection.callRemote(Sum, { a: 1, b: 2 });
    await peer.expect(SUM);
    peer.send(`0007 5f616e73776572 0001 31 ${KEY_BYTES} 0005 746f74616c 0001 33 0000`);
    expect(await answer).toEqual({ total: 3 });
    connection.callRemote(Note, { text: "" });
    await peer.expect({ _command: "Note", text: "", ...SHOWN });
  });

  test("a call by name shows the key, and its answer arrives without the peer's", async () => {
    const { connection, peer } = calling();
    const answer = connection.callRemoteString("Sum", new Box({ a: "1", b: "2" }));
    await peer.expect(SUM);
    peer.send(`${TOTAL_BYTES} ${KEY_BYTES} 0000`);
    expect([...(await answer).keys()]).toEqual(["_answer", "total"]);
    void connection.callRemoteString("Sum", new Box({ a: "1", b: "2" }));
    await peer.expect({ ...ask("2"), ...SHOWN });
  });

  test("an answer of this end does not show the key", async () => {
    const { connection, peer } = calling({ locator: calculator().locator });
    const answer = connection.callRemote(Sum, { a: 1, b: 2 });
    peer.send({ ...TOTAL, ...SHOWN }, SUM);
    await peer.expect(SUM, TOTAL);
    await answer;
  });

  test("with extensions: false no ask shows the key", async () => {
    const { connection, peer } = calling({ extensions: false });
    const first = connection.callRemoteString("Sum", new Box({ a: "1", b: "2" }));
    await peer.expect(SUM);
    peer.send({ ...TOTAL, ...SHOWN });
    expect((await first).text("_m.ampwire")).toBe("1");
    void connection.callRemote(Sum, { a: 1, b: 2 });
    await peer.expect(ask("2"));
  });
});

describe("StartTLS", () => {
  test("neither StartTLS nor its answer shows the key, and both ends show it again inside TLS", async () => {
    const [client, server] = connectedPair(
      {},
      { locator: calculator().locator },
      { role: "client", fakeTLS: true },
    );
    const known = () => [kernelOf(client).introduction, kernelOf(server).introduction];
    await client.callRemote(Sum, { a: 1, b: 2 });
    expect(known()).toEqual(["seen", "shown"]);
    await client.callRemote(Sum, { a: 1, b: 2 });
    expect(known()).toEqual(["known", "known"]);
    await client.startTLS();
    expect(known()).toEqual(["looking", "unshown"]);
    await client.callRemote(Sum, { a: 1, b: 2 });
    await client.callRemote(Sum, { a: 1, b: 2 });
    expect(known()).toEqual(["known", "known"]);
  });

  test("the ask for StartTLS does not show the key, and what the peer showed in plaintext is forgotten", async () => {
    const { connection, peer } = calling();
    const first = connection.callRemote(Sum, { a: 1, b: 2 });
    await peer.expect(SUM);
    peer.send({ ...TOTAL, ...SHOWN });
    await first;
    const upgraded = connection.startTLS();
    const inside = connection.callRemote(Sum, { a: 1, b: 2 });
    await peer.expect({ _ask: "2", _command: "StartTLS" });
    peer.send({ _answer: "2" });
    await peer.startTLS("responder");
    await upgraded;
    await peer.expect(ask("3"));
    peer.send({ ...total("3"), ...SHOWN });
    await inside;
    void connection.callRemote(Sum, { a: 1, b: 2 });
    await peer.expect({ ...ask("4"), ...SHOWN });
  });

  test("a key that arrives in plaintext after the ask for StartTLS does not count", async () => {
    const { connection, peer } = calling();
    const first = connection.callRemote(Sum, { a: 1, b: 2 });
    const upgraded = connection.startTLS();
    await peer.expect(SUM, { _ask: "2", _command: "StartTLS" });
    peer.send({ ...TOTAL, ...SHOWN }, { _answer: "2" });
    await first;
    await peer.startTLS("responder");
    await upgraded;
    void connection.callRemote(Sum, { a: 1, b: 2 });
    await peer.expect(ask("3"));
  });

  test("the answer to StartTLS does not show the key, and the first answer inside TLS does", async () => {
    const { peer } = serving();
    peer.send(SUM);
    await peer.expect({ ...TOTAL, ...SHOWN });
    peer.send({ _ask: "2", _command: "StartTLS" });
    await peer.expect("0007 5f616e73776572 0001 32 0000");
    await peer.startTLS("asker");
    peer.send(ask("3"), ask("4"));
    await peer.expect({ ...total("3"), ...SHOWN }, total("4"));
  });

  test("an answer that was queued during StartTLS is the first inside TLS", async () => {
    const calc = calculator();
    const { connection, peer } = serving({ locator: calc.locator });
    peer.send(SUM, { _ask: "2", _command: "Wait" });
    await peer.expect({ ...TOTAL, ...SHOWN });
    const upgraded = connection.startTLS();
    await peer.expect({ _ask: "1", _command: "StartTLS" });
    calc.answer("queued");
    await flushPending();
    peer.send({ _answer: "1" });
    await peer.startTLS("responder");
    await upgraded;
    await peer.expect({ _answer: "2", after: "queued", ...SHOWN });
    peer.send(ask("3"));
    await peer.expect(total("3"));
  });

  test("a responder of the program for StartTLS does not show the key", async () => {
    const { peer } = serving({ locator: locator(StartTLS.responder(() => ({}))) });
    peer.send({ _ask: "1", _command: "StartTLS" });
    await peer.expect("0007 5f616e73776572 0001 31 0000");
  });
});

test.each([["yes"], [1], [null], [{}]])("the option extensions: %j is refused", (extensions) => {
  // A JavaScript program may pass any value.
  expect(() => scriptedPeer({ extensions: extensions as unknown as boolean })).toThrow(TypeError);
});
