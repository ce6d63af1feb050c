/** An answer that ends the connection, and an argument that fills several properties, between ampwire and Twisted. */
import { ConnectionClosed, command, integer, locator, propertiesArgument, quitBox } from "ampwire";
import { connect, listen } from "ampwire/node";
import { expect, it } from "vitest";
import { addressOf, describeWithTwisted, TwistedPeer } from "../support/twisted.ts";

const size = propertiesArgument<{ width: number; height: number }>(["width", "height"], {
  toBox: ({ width, height }, name, box) => void box.set(name, `${width}x${height}`),
  fromBox(name, box) {
    const [width, height] = (box.text(name) ?? "").split("x").map(Number);
    return width && height ? { width, height } : undefined;
  },
});
const Resize = command("Resize", { arguments: { size, by: integer() }, response: { size } });
const status = { status: integer() };
const Goodbye = command("Goodbye", { arguments: status, response: status, responseType: quitBox });

const responders = locator(
  Resize.responder(({ width, height, by }) => ({ width: width * by, height: height * by })),
  Goodbye.responder((values) => values),
);

describeWithTwisted("special commands", () => {
  it("a Twisted server fills several properties, and closes after a QuitBox", async () => {
    const peer = new TwistedPeer(["serve"], "special_commands.py");
    const { listening } = (await peer.next()) as { listening: { port: number } };
    const connection = await connect({ ...listening, host: "127.0.0.1" });
    expect(await connection.callRemote(Resize, { width: 3, height: 4, by: 2 })).toEqual({
      width: 6,
      height: 8,
    });
    expect(await connection.callRemote(Goodbye, { status: 7 })).toEqual({ status: 7 });
    expect(await connection.closed).toBeInstanceOf(ConnectionClosed);
    await peer.end();
  });

  it("a Twisted client receives several properties, and the last answer before the end", async () => {
    await using server = await listen({ port: 0, host: "127.0.0.1", locator: responders });
    const address = addressOf(server) as { port: number };
    const peer = new TwistedPeer(["call", String(address.port)], "special_commands.py");
    const steps = [await peer.next(), await peer.next(), await peer.next()];
    expect(steps, peer.complaints).toEqual([
      { step: "Resize", value: { width: 6, height: 8 } },
      { step: "Goodbye", value: { status: 7 } },
      { step: "lost", value: "ConnectionDone" },
    ]);
    await peer.end();
  });
});
