/** Servers with invalid options, and with peers that misbehave. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { expect, onTestFinished, test } from "vitest";
import { command, locator } from "../../src/index.ts";
import { connect, type ListenOptions, listen, type NodeConnection } from "../../src/node/index.ts";
import { ourClient, ourServer, tidy } from "../support/loopback.ts";
import { netServers, noRoom } from "../support/net-servers.ts";
import { ended } from "../support/settled.ts";

const HOST = "127.0.0.1";
const Ping = command("Ping");
const pings = locator(Ping.responder(() => {}));

/** The connections of a server, and those of its clients. */
async function serving(onConnection: NonNullable<ListenOptions["onConnection"]>) {
  const accepted: NodeConnection[] = [];
  const server = await listen({
    host: HOST,
    port: 0,
    locator: pings,
    onConnection(connection) {
      tidy(connection);
      accepted.push(connection);
      return onConnection(connection);
    },
  });
  onTestFinished(() => server.destroy());
  return { port: server.address().port, accepted };
}

test.each<[string, (connection: NodeConnection) => unknown]>([
  ["rejects", (connection) => connection.startTLS()],
  [
    "throws",
    () => {
      throw new Error("of its own");
    },
  ],
  ["rejects with a value that is not an Error", () => Promise.reject("of its own")],
])(
  "an onConnection that %s destroys its connection only, with the error as the reason",
  async (_how, onConnection) => {
    let failing = true;
    const { port, accepted } = await serving((connection) =>
      failing ? onConnection(connection) : undefined,
    );
    const refusing = await ourClient(port, { tls: false });
    await ended(refusing);
    const reason = await accepted[0]?.closed;
    expect(reason?.message).toMatch(/StartTLS|of its own/);
    failing = false;
    const next = await ourClient(port);
    await expect(next.callRemote(Ping)).resolves.toEqual({});
  },
);

test("listen rejects an invalid locator before it opens anything", async () => {
  const options = { host: HOST, port: 0, locator: {} as never };
  await expect(listen(options)).rejects.toThrow("the option locator must be made by locator");
  await expect(connect(options)).rejects.toThrow("the option locator must be made by locator");
});

test("an error of the server itself is reported without a connection, and the server continues", async () => {
  const servers = netServers();
  const told: unknown[] = [];
  const channel = (message: unknown) => void told.push(message);
  subscribe("ampwire:error", channel);
  onTestFinished(() => void unsubscribe("ampwire:error", channel));
  const onError: ListenOptions["onError"] = (error, about) => void told.push([error, about]);
  const { port } = await ourServer({ locator: pings, onError });
  const error = noRoom();
  servers[0]?.emit("error", error);
  const nowhere = { command: undefined, connection: undefined };
  expect(told).toEqual([{ error, ...nowhere }, [error, nowhere]]);
  const client = await ourClient(port);
  await expect(client.callRemote(Ping)).resolves.toEqual({});
});

test("an error of the server itself does not end the process without onError", async () => {
  const servers = netServers();
  const { port } = await ourServer({ locator: pings });
  servers[0]?.emit("error", noRoom());
  await ourClient(port);
});
