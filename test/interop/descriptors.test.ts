import { locator } from "ampwire";
import { connect, listen } from "ampwire/node";
import { expect, it, onTestFinished } from "vitest";
import { EchoDescriptor, Sum } from "../support/commands.ts";
import { tidy } from "../support/loopback.ts";
import { closeReceived, sharedFile, writeAndClose } from "../support/open-descriptors.ts";
import { addressOf, describeWithTwisted, twistedRun, twistedServer } from "../support/twisted.ts";
import { unixPlace } from "../support/unix-place.ts";

describeWithTwisted("descriptors, with a live Twisted", () => {
  it("descriptors go to a Twisted server and come back, among other calls", async () => {
    const path = unixPlace();
    await using _server = await twistedServer({ path });
    const connection = await connect({ path, descriptors: true });
    tidy(connection);
    const files = Array.from({ length: 40 }, sharedFile);
    await Promise.all(
      files.flatMap((file, i) => [
        connection.callRemote(Sum, { a: BigInt(i), b: 1n }),
        connection.callRemote(EchoDescriptor, { value: file.fd }).then(({ value }) => {
          expect(file.open()).toContain(value);
          writeAndClose(value, String(i));
        }),
      ]),
    );
    await connection.close();
    for (const [i, file] of files.entries()) {
      expect(file.text()).toBe(String(i));
      expect(file.open()).toEqual([file.fd]);
    }
  });

  it("descriptors come from a Twisted client and go back, among other calls", async () => {
    const path = unixPlace();
    const echo = EchoDescriptor.responder(({ value }) => {
      setImmediate(() => closeReceived(value));
      return { value };
    });
    const sum = Sum.responder(({ a, b }) => ({ total: a + b }));
    const server = await listen({ path, descriptors: true, locator: locator(echo, sum), onConnection: tidy });
    onTestFinished(() => server.destroy());
    const run = await twistedRun("descriptors", addressOf(server));
    expect(run.failures).toEqual([]);
    expect(run.outcome).toBe("ok");
    expect(run.steps.size).toBe(2);
  });
});
