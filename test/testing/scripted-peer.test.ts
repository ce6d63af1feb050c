import { Box, ConnectionClosed, command, integer, locator, StartTLS } from "ampwire";
import { byteByByte, fakeCertificate, ScriptMismatch, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { ended, rejection } from "../support/settled.ts";

const Sum = command("Sum", {
  arguments: { a: integer(), b: integer() },
  response: { total: integer() },
});
const ASK = { _ask: "1", _command: "Sum", a: "1", b: "2" };

test("a scripted peer answers a call", async () => {
  const { connection, peer } = scriptedPeer();
  const call = connection.callRemote(Sum, { a: 1, b: 2 });
  await peer.expect(ASK);
  peer.send({ _answer: "1", total: "3" });
  expect(await call).toEqual({ total: 3 });
});

test("a scripted peer sends asks as hexadecimal digits and as boxes, and expects answers as bytes", async () => {
  const responder = Sum.responder(({ a, b }) => ({ total: a + b }));
  const { peer } = scriptedPeer({ locator: locator(responder) }, { chunking: byteByByte });
  peer.send(
    "0004 5f61736b 0001 78  0008 5f636f6d6d616e64 0003 53756d  0001 61 0001 35  0001 62 0001 36  0000",
    new Box({ ...ASK, _ask: "y" }),
  );
  await peer.expect("0007 5f616e73776572 0001 78 0005 746f74616c 0002 3131 0000");
  await peer.expect(new Box({ _answer: "y", total: "3" }));
  expect(peer.unread).toBe(0);
});

test("a scripted peer expects the end, and ends", async () => {
  const { connection, peer } = scriptedPeer();
  peer.end();
  expect(await ended(connection)).toBeInstanceOf(ConnectionClosed);
  await peer.expectEnd();
  expect(await peer.next()).toBeUndefined();
});

test("a scripted peer continues inside fake TLS", async () => {
  const { connection, peer } = scriptedPeer({}, { fakeTLS: true });
  const upgraded = connection.startTLS();
  await peer.expect({ _ask: "1", _command: "StartTLS" });
  const held = connection.callRemote(Sum, { a: 1, b: 2 });
  peer.send({ _answer: "1" });
  await peer.startTLS("responder", { localCertificate: fakeCertificate("peer") });
  await upgraded;
  expect(connection.peerCertificate?.commonName).toBe("peer");
  await peer.expect({ ...ASK, _ask: "2" });
  peer.send({ _answer: "2", total: "3" });
  expect(await held).toEqual({ total: 3 });
});

test("a scripted peer starts fake TLS", async () => {
  const { connection, peer } = scriptedPeer(
    { locator: locator(StartTLS.responder(() => ({}))) },
    { fakeTLS: true },
  );
  peer.send({ _ask: "1", _command: "StartTLS" });
  await peer.expect({ _answer: "1" });
  await peer.startTLS("asker");
  peer.send(ASK);
  await peer.expect({
    _error: "1",
    _error_code: "UNHANDLED",
    _error_description: "Unhandled Command: 'Sum'",
  });
  expect(connection.secure).toBe(true);
});

describe("messages of a mismatch", () => {
  test("another box than expected is shown as a difference", async () => {
    const { connection, peer } = scriptedPeer();
    void connection.callRemote(Sum, { a: 1, b: 3 }).catch(() => {});
    const error = await rejection(peer.expect({ ...ASK, c: Uint8Array.of(0xff) }));
    expect(error).toBeInstanceOf(ScriptMismatch);
    expect(error.message).toBe(
      [
        "received another box than expected:",
        '  _ask: "1"',
        '  _command: "Sum"',
        '  a: "1"',
        '- b: "2"',
        "- c: hex ff",
        '+ b: "3"',
      ].join("\n"),
    );
    expect(error).toMatchObject({
      name: "ScriptMismatch",
      actual: '_ask: "1"\n_command: "Sum"\na: "1"\nb: "3"',
    });
    connection.destroy();
  });

  test("other bytes than expected are shown as a difference", async () => {
    const { connection, peer } = scriptedPeer();
    void connection.callRemote(Sum, { a: 1, b: 3 }).catch(() => {});
    expect((await rejection(peer.expect("0004 5f61736b 0002"))).message).toBe(
      ["received other bytes than expected:", "- 00 04 5f 61 73 6b 00 02", "+ 00 04 5f 61 73 6b 00 01"].join(
        "\n",
      ),
    );
    connection.destroy();
  });

  test("the end of the stream in place of a box is reported", async () => {
    const { connection, peer } = scriptedPeer();
    connection.destroy();
    expect((await rejection(peer.expect({ a: "1" }))).message).toBe(
      'the stream ended before this box:\n- a: "1"',
    );
    expect((await rejection(peer.expect("00"))).message).toBe("received other bytes than expected:\n- 00");
  });

  test("a box in place of the end of the stream is reported", async () => {
    const { connection, peer } = scriptedPeer();
    connection.callRemote(command("Tell", { requiresAnswer: false }));
    connection.destroy();
    expect((await rejection(peer.expectEnd())).message).toBe(
      'received a box in place of the end of the stream:\n+ _command: "Tell"',
    );
  });
});

test("invalid hexadecimal digits throw", () => {
  const { peer } = scriptedPeer();
  expect(() => peer.send("0g")).toThrow(TypeError);
  expect(() => peer.send("000")).toThrow(TypeError);
});

test("a transport without TLS throws on startTLS", async () => {
  const { peer } = scriptedPeer();
  expect(await rejection(peer.startTLS("asker"))).toBeInstanceOf(TypeError);
});
