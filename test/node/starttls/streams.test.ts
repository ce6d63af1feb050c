/** Streams that cannot carry TLS are rejected before anything is sent. Without the check, Node would abort the process. */
import { PassThrough } from "node:stream";
import { OnlyOneTLS, TLSNotAvailable } from "ampwire";
import { attach } from "ampwire/node";
import { describe, expect, test } from "vitest";
import { testCertificates } from "../../support/certificates.ts";
import { attached, rawClient, rawServer, tidy } from "../../support/loopback.ts";
import { RawPeer, STLS } from "../../support/raw-peer.ts";
import { rejection } from "../../support/settled.ts";
import { Mark, witness } from "../../support/witness.ts";

const { server: localCertificate } = await testCertificates();

describe("case 23", () => {
  test("attach rejects a stream in object mode", () => {
    const stream = new PassThrough({ objectMode: true });
    expect(() => attach(stream)).toThrow(TypeError);
    expect(() => attach({ readable: stream, writable: new PassThrough() })).toThrow(TypeError);
    expect(() => attach({ readable: new PassThrough(), writable: stream })).toThrow(TypeError);
  });

  test("attach rejects a stream with an encoding set", () => {
    const stream = new PassThrough().setEncoding("utf8");
    expect(() => attach(stream)).toThrow(TypeError);
    expect(() => attach({ readable: stream, writable: new PassThrough() })).toThrow(TypeError);
  });

  test("startTLS throws TypeError if an encoding was set later, and nothing is sent", async () => {
    const { connection, peer, socket } = await attached("client");
    socket.setEncoding("latin1");
    expect(await rejection(connection.startTLS())).toBeInstanceOf(TypeError);
    connection.destroy();
    await peer.end();
    expect(peer.received).toHaveLength(0);
  });

  test("startTLS rejects with OnlyOneTLS on a stream that is TLS already, and AMP continues", async () => {
    const { inside, connection } = await fromTheFirstByte();
    expect(await rejection(connection.startTLS())).toBeInstanceOf(OnlyOneTLS);
    const called = connection.callRemote(Mark, { text: "first" });
    expect(await inside.box()).toEqual({ _ask: "1", _command: "Mark", text: "first" });
    inside.send({ _answer: "1", text: "first" });
    expect(await called).toEqual({ text: "first" });
  });

  test("a peer that asks for TLS inside TLS gets TLS_ERROR, and AMP continues", async () => {
    const { inside, heard } = await fromTheFirstByte();
    inside.send(STLS, { _ask: "2", _command: "Mark", text: "on" });
    expect(await inside.box()).toMatchObject({ _error: "1", _error_code: "TLS_ERROR" });
    expect(await inside.box()).toEqual({ _answer: "2", text: "on" });
    expect(heard).toEqual(["on"]);
  });

  test("startTLS is not available on a stream without role, and AMP continues", async () => {
    const server = await rawServer();
    const [socket, accepted] = await Promise.all([rawClient(server.port), server.next()]);
    const { locator } = witness();
    const connection = attach(socket, { locator });
    tidy(connection);
    const peer = new RawPeer(accepted);
    expect(await rejection(connection.startTLS())).toBeInstanceOf(TLSNotAvailable);
    peer.send(STLS);
    expect(await peer.box()).toMatchObject({ _error: "1", _error_code: "TLS_NOT_AVAILABLE" });
    peer.send({ _ask: "2", _command: "Mark", text: "on" });
    expect(await peer.box()).toEqual({ _answer: "2", text: "on" });
  });

  /** Opens a connection on a stream that was TLS from the beginning. */
  async function fromTheFirstByte() {
    const server = await rawServer();
    const [client, accepted] = await Promise.all([rawClient(server.port), server.next()]);
    const [secured, inside] = await Promise.all([
      new RawPeer(client).secure(),
      new RawPeer(accepted).tlsServer(localCertificate),
    ]);
    const { heard, locator } = witness();
    secured.socket.removeAllListeners("data");
    const connection = attach(secured.socket, { role: "client", locator });
    tidy(connection);
    return { inside, connection, heard };
  }
});
