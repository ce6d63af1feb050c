/** The cost of an idle connection. */
import { bytes, command, locator } from "ampwire";
import { connect, listen } from "ampwire/node";
import { expect, test } from "vitest";
import { heldBytes } from "../../support/memory.ts";

const Put = command("Put", { arguments: { data: bytes() } });
const SIZE = 60_000;
const CONNECTIONS = 50;

test("an idle connection does not keep the last bytes that it received", async () => {
  await using server = await listen({
    port: 0,
    host: "127.0.0.1",
    locator: locator(Put.responder(() => {})),
  });
  const { port } = server.address();
  const connections = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => connect({ port, host: "127.0.0.1" })),
  );
  const put = () =>
    Promise.all(connections.map((one) => one.callRemote(Put, { data: new Uint8Array(SIZE) })));
  const before = await heldBytes();
  await put();
  // The buffers for output are shared by all connections, and stay.
  expect((await heldBytes()) - before).toBeLessThan((CONNECTIONS * SIZE) / 4);
  await Promise.all(connections.map((one) => one.close()));
});
