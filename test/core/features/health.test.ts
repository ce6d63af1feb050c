/** The command ampwire.Health and its responder. */
import { Box, Health, type HealthCheck, health, locator, type ResponderContext } from "ampwire";
import { connectedPair, flushPending } from "ampwire/testing";
import { expect, onTestFinished, test, vi } from "vitest";
import { deferred } from "../../support/deferred.ts";

const reports: string[] = [];

function noted(error: Error, command: string): void {
  reports.push(`${error.message}: ${command}`);
}

function served(check?: HealthCheck) {
  const onError = vi.fn();
  const [client, server] = connectedPair({}, { locator: locator(health(check)), onError });
  onTestFinished(() => {
    client.destroy();
    server.destroy();
  });
  return { client, server, onError };
}

test("health() answers SERVING, for every service", async () => {
  const { client } = served();
  expect(await client.callRemote(Health)).toEqual({ status: "SERVING" });
  expect(await client.callRemote(Health, { service: "calc" })).toEqual({ status: "SERVING" });
});

test("a probe may be repeated: Health is idempotent", () => {
  expect(Health.idempotent).toBe(true);
});

test.each<[string, HealthCheck]>([
  ["returns false", () => false],
  ["resolves with false", async () => false],
  ["returns nothing", () => undefined as never],
])("health() answers NOT_SERVING if its check %s", async (_, check) => {
  const { client, onError } = served(check);
  expect(await client.callRemote(Health)).toEqual({ status: "NOT_SERVING" });
  expect(onError).not.toHaveBeenCalled();
});

test("the check receives the service, and may be asynchronous", async () => {
  const { client } = served(async (service) => service === "calc");
  expect(await client.callRemote(Health, { service: "calc" })).toEqual({ status: "SERVING" });
  expect(await client.callRemote(Health)).toEqual({ status: "NOT_SERVING" });
});

test("an error of the check is NOT_SERVING, is reported, and the connection stays open", async () => {
  const error = new Error("no database");
  const { client, server, onError } = served(() => Promise.reject(error));
  expect(await client.callRemote(Health)).toEqual({ status: "NOT_SERVING" });
  expect(onError).toHaveBeenCalledExactlyOnceWith(error, { command: "ampwire.Health", connection: server });
  expect(server.state).toBe("open");
});

test("health() answers NOT_SERVING from the moment at which its end begins to close", async () => {
  const waits = deferred<boolean>();
  let calls = 0;
  const { client, server } = served(() => (calls++ === 0 ? waits.promise : true));
  const during = client.callRemote(Health);
  await flushPending();
  const closed = server.close();
  await flushPending();
  waits.resolve(true);
  expect(await during).toEqual({ status: "NOT_SERVING" });
  expect(calls).toBe(1);
  await closed;
});

test("the response of another implementation may have further keys", async () => {
  const { client } = served();
  const answer = await client.callRemoteString("ampwire.Health", new Box({ service: "x" }));
  expect(answer.text("status")).toBe("SERVING");
});

test("health() refuses a check that is not a function", () => {
  expect(() => health(true as never)).toThrow("health: the check must be a function, not true");
});

test.each<[string, object, string[]]>([
  ["is reported by a caller that is not a connection", { report: noted }, ["no database: ampwire.Health"]],
  ["is NOT_SERVING too if the caller cannot report it", { report: "no function" }, []],
  ["is NOT_SERVING too if the caller knows no reports", {}, []],
])("an error of the check %s", async (_, caller, expected) => {
  reports.length = 0;
  const { signal } = new AbortController();
  // Only what the responder uses of the context.
  const context = { connection: caller, closing: signal } as unknown as ResponderContext;
  const responder = health(() => Promise.reject(new Error("no database")));
  expect(await responder.respond({}, context)).toEqual({ status: "NOT_SERVING" });
  expect(reports).toEqual(expected);
});
