import assert from "node:assert/strict";
import { test } from "node:test";
import { locator } from "ampwire";
import { connectedPair } from "ampwire/testing";
import { NoSuchJob, Progress, Result, Submit } from "./commands.mjs";
import { jobService } from "./service.mjs";

/** Returns a client of a new service, and the progress that it has received. */
function connected() {
  const progress = [];
  const responders = locator(Progress.responder(({ percent }) => void progress.push(percent)));
  const [client] = connectedPair({ locator: responders }, { locator: jobService() });
  return { client, progress };
}

test("a job reports its progress, then its result", async () => {
  const { client, progress } = connected();
  const { job } = await client.callRemote(Submit, { limit: 100 });
  assert.deepEqual(await client.callRemote(Result, { job }), { primes: 25 });
  assert.deepEqual(progress, [25, 50, 75, 100]);
});

test("the result of an unknown job rejects with NoSuchJob", async () => {
  const { client } = connected();
  await assert.rejects(client.callRemote(Result, { job: 7 }), NoSuchJob);
});

test("a job goes on when its client has gone", async () => {
  const service = jobService();
  const [first] = connectedPair({}, { locator: service });
  const { job } = await first.callRemote(Submit, { limit: 100 });
  first.destroy();
  const [second] = connectedPair({}, { locator: service });
  assert.deepEqual(await second.callRemote(Result, { job }), { primes: 25 });
});
