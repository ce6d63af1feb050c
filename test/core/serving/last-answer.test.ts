/** Commands whose answer is the last box of the connection: `responseType: quitBox`. */
import { ConnectionClosed, command, InvalidSignature, locator, quitBox, unicode } from "ampwire";
import { connectedPair, scriptedPeer } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { rejection } from "../../support/settled.ts";
import { calculator, SUM, Sum, TOTAL, Wait } from "../calculator.ts";

class Busy extends Error {}

const Quit = command("Quit", {
  response: { goodbye: unicode() },
  errors: { BUSY: Busy },
  responseType: quitBox,
});
const QUIT = { _ask: "2", _command: "Quit" };

describe("an answer that is the last box", () => {
  test.each([
    ["at once", () => ({ goodbye: "all" })],
    ["later", async () => ({ goodbye: "all" })],
  ])("the connection closes after an answer of the kind quitBox that is given %s", async (_, respond) => {
    const { connection, peer } = scriptedPeer({
      locator: locator(Quit.responder(respond), calculator().locator),
    });
    peer.send(SUM, QUIT);
    await peer.expect(TOTAL, { _answer: "2", goodbye: "all" });
    await peer.expectEnd();
    peer.end();
    const reason = await connection.closed;
    expect(reason).toBeInstanceOf(ConnectionClosed);
    expect(reason.message).toBe("Quit was answered, and its answer is the last box");
    const late = await rejection(connection.callRemote(Sum, { a: 1, b: 2 }));
    expect(late).toBeInstanceOf(ConnectionClosed);
    expect(late.message).toContain("Quit was answered");
  });

  test("no box follows an answer of the kind quitBox", async () => {
    const waits = calculator();
    const { connection, peer } = scriptedPeer({
      locator: locator(
        Quit.responder(() => ({ goodbye: "all" })),
        waits.locator,
      ),
    });
    peer.send({ _ask: "1", _command: "Wait" }, QUIT, { ...SUM, _ask: "3" });
    await peer.expect({ _answer: "2", goodbye: "all" });
    waits.answer("too late");
    await peer.expectEnd();
    connection.destroy();
  });

  test("an error of a command with the response type quitBox leaves the connection open", async () => {
    const responder = Quit.responder(() => {
      throw new Busy("not yet");
    });
    const { connection, peer } = scriptedPeer({ locator: locator(responder, calculator().locator) });
    peer.send(QUIT, SUM);
    await peer.expect({ _error: "2", _error_code: "BUSY", _error_description: "not yet" }, TOTAL);
    expect(connection.state).toBe("open");
    connection.destroy();
  });

  test("an ask of such a command without _ask leaves the connection open", async () => {
    const { connection, peer } = scriptedPeer({
      locator: locator(
        Quit.responder(() => ({ goodbye: "all" })),
        calculator().locator,
      ),
    });
    peer.send({ _command: "Quit" }, SUM);
    await peer.expect(TOTAL);
    expect(connection.state).toBe("open");
    connection.destroy();
  });

  test("the caller of a command with the response type quitBox gets the answer, and other calls reject", async () => {
    const responders = locator(
      Quit.responder(() => ({ goodbye: "all" })),
      calculator().locator,
    );
    const [a, b] = connectedPair({}, { locator: responders });
    const waiting = rejection(a.callRemote(Wait));
    expect(await a.callRemote(Quit)).toEqual({ goodbye: "all" });
    expect(await waiting).toBeInstanceOf(ConnectionClosed);
    expect(await b.closed).toBeInstanceOf(ConnectionClosed);
  });

  test("an extension inherits the response type quitBox", async () => {
    expect(Quit.extend("QuitNow").responseType).toBe(quitBox);
  });

  test("quitBox is refused as the kind of an ask", () => {
    expect(() => command("Quit", { commandType: quitBox })).toThrow(InvalidSignature);
    expect(() => command("Quit", { commandType: quitBox })).toThrow("set it as responseType");
  });
});
