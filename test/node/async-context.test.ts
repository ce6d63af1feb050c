/** Contents of AsyncLocalStorage in the code that a connection calls. */
import { AsyncLocalStorage } from "node:async_hooks";
import { command, locator, unicode } from "ampwire";
import { connect, listen, type NodeConnection, reconnecting } from "ampwire/node";
import { expect, test } from "vitest";
import { deferred } from "../support/deferred.ts";

const store = new AsyncLocalStorage<string>();
const Ask = command("Ask", { response: { seen: unicode() } });
const asking = locator(Ask.responder(() => ({ seen: seen() })));
const HOST = "127.0.0.1";

function seen(): string {
  return store.getStore() ?? "none";
}

test("a responder of a server sees no context, neither of listen nor of the call", async () => {
  await using outside = await listen({ host: HOST, port: 0, locator: asking });
  await using inside = await store.run("at listen", () => listen({ host: HOST, port: 0, locator: asking }));
  for (const server of [outside, inside]) {
    const { port } = server.address();
    await using client = await store.run("client", () => connect({ host: HOST, port }));
    const answer = await store.run("call", () => client.callRemote(Ask, {}));
    expect(answer).toEqual({ seen: "none" });
  }
});

test("the code after an awaited call sees the context of the caller, not of the connection", async () => {
  await using server = await listen({ host: HOST, port: 0, locator: asking });
  const { port } = server.address();
  await using client = await store.run("request 1", () => connect({ host: HOST, port }));
  const found = await store.run("request 2", async () => {
    await client.callRemote(Ask, {});
    return seen();
  });
  expect(found).toBe("request 2");
});

test("a responder of a client that was opened inside a request sees that request forever", async () => {
  const accepted = deferred<NodeConnection>();
  await using server = await listen({ host: HOST, port: 0, onConnection: accepted.resolve });
  const { port } = server.address();
  await using _client = await store.run("request 1", () => connect({ host: HOST, port, locator: asking }));
  const connection = await accepted.promise;
  expect(await store.run("request 2", () => connection.callRemote(Ask, {}))).toEqual({ seen: "request 1" });
});

test("a reconnecting client keeps the context of its creation for connections that it opens later", async () => {
  let accepted = deferred<NodeConnection>();
  await using server = await listen({ host: HOST, port: 0, onConnection: (one) => accepted.resolve(one) });
  const { port } = server.address();
  const client = store.run("request 1", () =>
    reconnecting({ host: HOST, port, locator: asking, backoff: { initial: 1 } }),
  );
  const first = await accepted.promise;
  expect(await first.callRemote(Ask, {})).toEqual({ seen: "request 1" });
  accepted = deferred<NodeConnection>();
  store.run("request 2", () => first.destroy());
  const second = await accepted.promise;
  expect(await second.callRemote(Ask, {})).toEqual({ seen: "request 1" });
  await client.close();
});

test("a connection that is opened with exit keeps no request", async () => {
  const accepted = deferred<NodeConnection>();
  await using server = await listen({ host: HOST, port: 0, onConnection: accepted.resolve });
  const { port } = server.address();
  await using _client = await store.run("request 1", () =>
    store.exit(() => connect({ host: HOST, port, locator: asking })),
  );
  expect(await (await accepted.promise).callRemote(Ask, {})).toEqual({ seen: "none" });
});

test("a responder that runs in a context of its own passes it to what it awaits", async () => {
  const own = locator(
    Ask.responder(() =>
      store.run("this ask", async () => {
        await Promise.resolve();
        return { seen: seen() };
      }),
    ),
  );
  await using server = await listen({ host: HOST, port: 0, locator: own });
  await using client = await connect({ host: HOST, port: server.address().port });
  expect(await client.callRemote(Ask, {})).toEqual({ seen: "this ask" });
});
