/** A live Twisted and the own commands: it gets the key in the first answer, and nothing else that it does not know. */
import { connect, listen } from "ampwire/node";
import { expect, it } from "vitest";
import * as commands from "../support/commands.ts";
import { tidy } from "../support/loopback.ts";
import { peerLocator } from "../support/responders.ts";
import { wireTo } from "../support/tcp-proxy.ts";
import { describeWithTwisted, twistedRun, twistedServer } from "../support/twisted.ts";

const occurrences = (bytes: Buffer, text: string) => bytes.toString("latin1").split(text).length - 1;

describeWithTwisted("own commands, with a live Twisted", () => {
  it("a Twisted client runs its calls; it gets the key once, and close() of the server asks nothing", async () => {
    const server = await listen({ port: 0, host: "127.0.0.1", locator: peerLocator() });
    const wire = await wireTo(server.address().port);
    const { failures, outcome } = await twistedRun("calls", { port: wire.port, host: "127.0.0.1" });
    await server.close();
    expect([failures, outcome]).toEqual([[], "ok"]);
    expect(occurrences(wire.toClient, "_m.ampwire")).toBe(1);
    expect(occurrences(wire.toClient, "ampwire.")).toBe(0);
    expect(wire.toClient.subarray(0, 9).toString("latin1")).toBe("\0\x07_answer");
  });

  it("a Twisted server gets no key and no own command, and close() of the client does not wait for it", async () => {
    await using server = await twistedServer();
    const { port } = server.address as { port: number };
    const wire = await wireTo(port);
    const connection = await connect({ port: wire.port, host: "127.0.0.1" });
    tidy(connection);
    for (let call = 0; call < 3; call++) await connection.callRemote(commands.Sum, { a: 1n, b: 2n });
    await connection.close();
    expect(occurrences(wire.toServer, "_m.")).toBe(0);
    expect(occurrences(wire.toServer, "ampwire")).toBe(0);
    expect(occurrences(wire.toServer, "_command")).toBe(3);
  });
});
