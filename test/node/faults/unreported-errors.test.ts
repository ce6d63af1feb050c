/** Errors that no caller receives: they go to `onError`, or as one warning to the platform. */
import { once } from "node:events";
import {
  BadLocalReturn,
  BoxDispatcher,
  BoxTooLarge,
  command,
  type ErrorContext,
  integer,
  KeyTooLong,
  locator,
  unicode,
} from "ampwire";
import { connect, type ListenOptions, listen } from "ampwire/node";
import { connectedPair, flushPending, manualClock, scriptedPeer } from "ampwire/testing";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { reportError } from "../../../src/core/connection/report.ts";
import { rawClient } from "../../support/loopback.ts";
import { RawPeer } from "../../support/raw-peer.ts";
import { ended } from "../../support/settled.ts";
import { type CollectedWarnings, collectWarnings } from "../../support/warnings.ts";

const HOST = "127.0.0.1";
const Divide = command("Divide", { arguments: { a: integer() }, response: { b: integer() } });
const Note = command("Note", { response: { b: integer() }, requiresAnswer: false });
const ASK = { _ask: "1", _command: "Divide", a: "1" };

let collected: CollectedWarnings;
beforeEach(() => {
  collected = collectWarnings();
});
afterEach(() => collected.stop());

const warnings = () => collected.warnings();

function failing(): never {
  throw new TypeError("a bug\u001b[2J in the responder");
}

async function serverOf(options: Partial<ListenOptions>) {
  const errors: [unknown, ErrorContext][] = [];
  const onError = (error: unknown, about: ErrorContext) => void errors.push([error, about]);
  const server = await listen({ host: HOST, port: 0, onError, ...options });
  onTestFinished(() => server.destroy());
  return { server, errors, port: server.address().port };
}

describe("without onError", () => {
  test("a failing responder is one warning, with the command, the peer's address and the stack", async () => {
    const { port } = await serverOf({ onError: undefined, locator: locator(Divide.responder(failing)) });
    const client = await connect({ host: HOST, port });
    await expect(client.callRemote(Divide, { a: 1 })).rejects.toThrow("UNKNOWN");
    const [warning, ...more] = warnings();
    expect(more).toEqual([]);
    expect(warning?.name).toBe("AmpwireWarning");
    const address = client.localAddress as { port: number };
    expect(warning?.message).toMatch(
      new RegExp(`^Divide, peer ${HOST}:${address.port}, connection c\\d+: TypeError: a bug`),
    );
    expect(warning?.message).toContain("\\x1b[2J");
    expect(warning?.message).toContain("(set onError to handle such errors)");
    expect(warning?.detail).toMatch(/at .*failing .*unreported-errors\.test\.ts/);
    expect(warning?.stack).toContain("unreported-errors.test.ts");
    expect(warning?.cause).toBeInstanceOf(TypeError);
  });

  test("a runtime without process.emitWarning gets the text by console.error", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    onTestFinished(() => logged.mockRestore());
    const { emitWarning } = process;
    Object.assign(process, { emitWarning: undefined });
    onTestFinished(() => void Object.assign(process, { emitWarning }));
    const { peer } = scriptedPeer({ locator: locator(Divide.responder(failing)) });
    peer.send(ASK);
    await flushPending();
    expect(logged).toHaveBeenCalledOnce();
    expect(logged.mock.calls[0]?.[0]).toMatch(
      /^Divide, connection c\d+: TypeError: a bug[\s\S]*\n {4}at .*failing/,
    );
  });

  test("bytes that are not AMP are a warning on a server", async () => {
    const { port } = await serverOf({ onError: undefined });
    const peer = await rawClient(port);
    peer.end("GET / HTTP/1.1\r\n\r\n");
    await once(peer, "close");
    expect(warnings().map(({ message }) => message)).toEqual([expect.stringContaining("KeyTooLong")]);
  });

  test("a violation of the protocol that rejects a call is not a warning too", async () => {
    const { connection, peer } = scriptedPeer();
    const call = connection.callRemote(Divide, { a: 1 });
    peer.send("ffff");
    await expect(call).rejects.toThrow();
    expect(warnings()).toEqual([]);
  });

  test("an error of a call is not a warning: the caller receives it", async () => {
    const { connection, peer } = scriptedPeer();
    const call = connection.callRemote(Divide, { a: 1 });
    peer.send({ _error: "1", _error_code: "ODD", _error_description: "" });
    await expect(call).rejects.toThrow("ODD");
    connection.destroy();
    await ended(connection);
    expect(warnings()).toEqual([]);
  });

  test("at most 20 warnings a second are emitted, and the next one has the number of the others", async () => {
    const { peer } = scriptedPeer({
      locator: locator(Divide.responder(failing)),
      closeOnUndeclaredError: false,
    });
    const others = scriptedPeer({
      locator: locator(Divide.responder(failing)),
      closeOnUndeclaredError: false,
    });
    for (let i = 0; i < 15; i++) {
      peer.send(ASK);
      others.peer.send(ASK);
    }
    await flushPending();
    expect(warnings().length).toBe(20);
    vi.setSystemTime(Date.now() + 1_000);
    const { peer: last } = scriptedPeer({ locator: locator(Divide.responder(failing)) });
    last.send(ASK);
    await flushPending();
    expect(warnings()[20]?.message).toContain("; 10 more errors were not shown");
  });
});

test("the warning of an error without a connection has the path of a UNIX socket, escaped", () => {
  const about = { command: undefined, connection: undefined, remoteAddress: "/run/\u001b[2Jamp" };
  reportError(undefined, new Error("no"), about);
  expect(warnings().map(({ message }) => message)).toEqual([
    "ampwire, peer /run/\\x1b[2Jamp: Error: no (set onError to handle such errors)",
  ]);
});

test.each([
  ["IPv4", "192.0.2.1", "192.0.2.1:7"],
  ["IPv6", "2001:db8::1", "[2001:db8::1]:7"],
] as const)("the warning of an error without a connection has an %s address", (family, address, shown) => {
  const about = { command: undefined, connection: undefined, remoteAddress: { family, address, port: 7 } };
  reportError(undefined, new Error("no"), about);
  expect(warnings()[0]?.message).toContain(`ampwire, peer ${shown}: Error: no`);
});

test("the warning of an error shows 5,000 characters of its stack", () => {
  const error = Object.assign(new Error("no"), { stack: "x".repeat(10_000) });
  reportError(undefined, error, { command: undefined, connection: undefined });
  expect(warnings()[0]?.detail).toBe("x".repeat(5_000));
});

test("the warning of a thrown string has no stack", () => {
  reportError(undefined, "just text", { command: undefined, connection: undefined });
  expect(warnings().map(({ message, detail }) => [message, detail])).toEqual([
    ["ampwire: just text (set onError to handle such errors)", ""],
  ]);
});

describe("onError", () => {
  test("a thrown string reaches onError, and is not a warning", () => {
    const errors: unknown[] = [];
    const about = { command: undefined, connection: undefined };
    reportError((error) => void errors.push(error), "just text", about);
    expect(errors).toEqual(["just text"]);
    expect(warnings()).toEqual([]);
  });

  test("a box over a limit is reported once, with its connection", async () => {
    const { errors, port } = await serverOf({ limits: { maxBoxBytes: 100 } });
    const peer = new RawPeer(await rawClient(port));
    peer.send({ a: "x".repeat(200) });
    await peer.closed;
    expect(errors).toEqual([
      [expect.any(BoxTooLarge), { command: undefined, connection: expect.anything() }],
    ]);
    expect(errors[0]?.[1].connection?.remoteAddress).toMatchObject({ address: HOST });
  });

  test("a violation of the protocol is reported although it rejects a call", async () => {
    const errors: unknown[] = [];
    const { connection, peer } = scriptedPeer({ onError: (error) => errors.push(error) });
    const call = connection.callRemote(Divide, { a: 1 });
    peer.send("ffff");
    await expect(call).rejects.toThrow();
    expect(errors).toEqual([expect.any(KeyTooLong)]);
  });

  test("a box that does not arrive in time is reported", async () => {
    const errors: unknown[] = [];
    const clock = manualClock();
    const { connection, peer } = scriptedPeer(
      { limits: { boxTimeout: 1_000 }, onError: (error) => errors.push(error) },
      { clock },
    );
    peer.send("0001");
    await flushPending();
    clock.advance(1_000);
    expect(connection.state).toBe("closed");
    expect(errors).toEqual([expect.objectContaining({ code: "BOX_TIMEOUT" })]);
  });

  test("a locator that throws is reported, also while the asks in progress are over their limit", async () => {
    const errors: [unknown, string | undefined][] = [];
    let resolve = (_: { b: number }) => {};
    const promise = new Promise<{ b: number }>((done) => {
      resolve = done;
    });
    const { peer, connection } = scriptedPeer({
      limits: { maxAsksInProgress: 1 },
      closeOnUndeclaredError: false,
      locator: {
        locateResponder: (name) => (name === "Divide" ? Divide.responder(() => promise) : failing()),
      },
      onError: (error, about) => errors.push([error, about.command]),
    });
    const call = connection.callRemote(Divide, { a: 1 }); // so that this end reads on
    peer.send(ASK, { ...ASK, _ask: "2", _command: "Other" });
    await peer.expect(
      { _ask: "1", _command: "Divide", a: "1" },
      { _error: "2", _error_code: "UNKNOWN", _error_description: "Unknown Error" },
    );
    expect(errors).toEqual([[expect.any(TypeError), "Other"]]);
    resolve({ b: 1 });
    peer.send({ _answer: "1", b: "2" });
    expect(await call).toEqual({ b: 2 });
  });

  test.each([
    ["an invalid value", () => ({ b: "no number" as unknown as number })],
    ["nothing", () => undefined as unknown as { b: number }],
    ["null", () => null as unknown as { b: number }],
  ])(
    "a responder that returns %s for an ask without _ask is reported as BadLocalReturn",
    async (_, respond) => {
      const errors: [unknown, string | undefined][] = [];
      const { peer, connection } = scriptedPeer({
        locator: locator(Note.responder(respond)),
        onError: (error, about) => errors.push([error, about.command]),
      });
      peer.send({ _command: "Note" });
      await flushPending();
      expect(connection.reason).toBeInstanceOf(BadLocalReturn);
      expect(errors).toEqual([[expect.any(BadLocalReturn), "Note"]]);
    },
  );

  test("a valid return value for an ask without _ask is not reported, and is not sent", async () => {
    const errors: unknown[] = [];
    const { peer } = scriptedPeer({
      locator: locator(Note.responder(() => ({ b: 7 }))),
      onError: (error) => errors.push(error),
    });
    peer.send({ _command: "Note" }, { _command: "Note" }, { _command: "Note", _ask: "5" });
    await peer.expect({ _answer: "5", b: "7" });
    expect(errors).toEqual([]);
  });

  test("errors of a BoxDispatcher's responders reach onError of its connection once", async () => {
    const { errors, port } = await serverOf({
      receiver: () => new BoxDispatcher(locator(Divide.responder(failing))),
    });
    const peer = new RawPeer(await rawClient(port));
    peer.send(ASK);
    await peer.closed;
    expect(errors).toEqual([
      [expect.any(TypeError), expect.objectContaining({ command: "Divide", connection: expect.anything() })],
    ]);
    expect(warnings()).toEqual([]);
  });

  test("an error that onError of a BoxDispatcher has handled is not a warning", async () => {
    const errors: unknown[] = [];
    const { port } = await serverOf({
      onError: undefined,
      receiver: () =>
        new BoxDispatcher(locator(Divide.responder(failing)), undefined, {
          onError: (error) => errors.push(error),
        }),
    });
    const peer = new RawPeer(await rawClient(port));
    peer.send(ASK);
    await peer.closed;
    expect(errors).toEqual([expect.any(TypeError)]);
    expect(warnings()).toEqual([]);
  });

  test("an error that a receiver passes to unhandledError is reported, and ends the connection", async () => {
    const problem = new Error("of the receiver");
    const { errors, port } = await serverOf({
      receiver: () => ({
        startReceivingBoxes: (sender) => sender.unhandledError(problem, "Sum"),
        boxReceived() {},
        stopReceivingBoxes() {},
      }),
    });
    await new RawPeer(await rawClient(port)).closed;
    expect(errors).toEqual([[problem, expect.objectContaining({ command: "Sum" })]]);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("a bug in onError");
      },
    ],
    [
      "rejects",
      async () => {
        throw new Error("a bug in onError");
      },
    ],
  ])("if onError %s, both errors are warnings, and the connection continues", async (_, onError) => {
    const { connection, peer } = scriptedPeer({
      locator: locator(Divide.responder(failing)),
      closeOnUndeclaredError: false,
      onError,
    });
    peer.send(ASK);
    await peer.expect({ _error: "1", _error_code: "UNKNOWN", _error_description: "Unknown Error" });
    await flushPending();
    expect(warnings().map(({ message }) => message)).toEqual([
      expect.stringContaining("Error: a bug in onError (thrown by onError)"),
      expect.stringContaining("in the responder (onError did not handle it)"),
    ]);
    expect(connection.state).toBe("open");
  });

  test("if onError of a server throws, the server continues", async () => {
    const { port, server } = await serverOf({
      implicitTLS: true,
      onError: () => {
        throw new Error("a bug in onError");
      },
    });
    for (let i = 0; i < 2; i++) {
      const peer = await rawClient(port);
      peer.end("no TLS");
      await once(peer, "close");
    }
    await vi.waitFor(() => expect(warnings().length).toBe(4));
    expect(server.address().port).toBe(port);
  });

  test("a failed handshake before the connection is reported with the peer's address", async () => {
    const { errors, port } = await serverOf({ implicitTLS: true });
    const peer = await rawClient(port);
    const address = { address: HOST, port: peer.localPort, family: "IPv4" };
    peer.end("no TLS");
    await once(peer, "close");
    await vi.waitFor(() => expect(errors.length).toBe(1));
    expect(errors[0]?.[0]).toMatchObject({ code: "HANDSHAKE_ERROR" });
    expect(errors[0]?.[1]).toEqual({ command: undefined, connection: undefined, remoteAddress: address });
  });

  test("a failed handshake of StartTLS is reported by the end that was asked", async () => {
    const errors: unknown[] = [];
    const { port } = await serverOf({ onError: (error) => errors.push(error) });
    const peer = new RawPeer(await rawClient(port));
    peer.send({ _ask: "1", _command: "StartTLS" });
    await peer.box();
    peer.socket.end("no TLS");
    await peer.closed;
    await vi.waitFor(() => expect(errors).toEqual([expect.objectContaining({ code: "HANDSHAKE_ERROR" })]));
  });

  test("violations on many connections of one server share a limit of 20 reports a second", async () => {
    const clock = manualClock();
    const { errors, port } = await serverOf({ clock });
    for (let i = 0; i < 25; i++) {
      const peer = await rawClient(port);
      peer.on("error", () => {}).end("GET / HTTP/1.1\r\n\r\n");
      peer.resume();
      await once(peer, "close");
    }
    expect(errors.length).toBe(20);
    clock.advance(1_000);
    expect(errors.slice(20)).toEqual([
      [
        expect.objectContaining({ message: "5 more violations of the protocol were not reported" }),
        expect.anything(),
      ],
    ]);
  });

  test("a value that is not a function is refused", async () => {
    const onError = "log" as never; // a JavaScript program may pass it
    await expect(serverOf({ onError })).rejects.toThrow('onError must be a function, not "log"');
    expect(() => connectedPair({ onError })).toThrow(TypeError);
  });

  test("an error that cannot be read is reported all the same", async () => {
    const { peer } = scriptedPeer({
      locator: locator(
        command("Odd", { response: { text: unicode() } }).responder(() => {
          throw Object.defineProperty(new Error(), "message", { get: failing });
        }),
      ),
    });
    peer.send({ _ask: "1", _command: "Odd" });
    await peer.expect({ _error: "1", _error_code: "UNKNOWN", _error_description: "Unknown Error" });
    expect(warnings().map(({ message }) => message)).toEqual([
      expect.stringContaining("a value that cannot be converted to text was thrown"),
    ]);
  });
});
