/** Permissions of a NATS server that change while programs run. */
import { writeFileSync } from "node:fs";
import { locator } from "ampwire";
import { caller, NoResponders, serve } from "ampwire/nats";
import { manualClock } from "ampwire/testing";
import { expect, test } from "vitest";
import { SumOnce } from "../nats/support/commands.ts";
import { connectNats, describeWithNats, NatsServer } from "../support/nats-server.ts";
import { rejection } from "../support/settled.ts";
import { scratchPath } from "../support/tls-side.ts";
import { until } from "../support/within.ts";

const ALL = `{ publish: ">", subscribe: ">" }`;

/** Starts a server, and returns a function that replaces the permissions of its user `worker`. */
async function start(permissions = ALL) {
  const file = scratchPath("nats.conf");
  const write = (worker: string) =>
    writeFileSync(
      file,
      `authorization { users: [ { user: worker, password: w, permissions: ${worker} }, { user: me, password: m } ] }`,
    );
  write(permissions);
  const server = await NatsServer.start("-c", file);
  const permit = (worker: string) => {
    write(worker);
    server.reload();
  };
  return {
    permit,
    worker: () => connectNats(server, { user: "worker", pass: "w" }),
    me: () => connectNats(server, { user: "me", pass: "m" }),
  };
}

const sums = locator(SumOnce.responder(({ a, b }) => ({ total: a + b })));

describeWithNats("a nats-server whose configuration is loaded again", () => {
  test("a worker that may not subscribe any more reports it, and serves again once it may", async () => {
    const { permit, worker: connection, me } = await start();
    const clock = manualClock();
    const errors: Error[] = [];
    const onError = (error: unknown) => void errors.push(error as Error); // of the NATS client
    await serve(await connection(), { service: "calc", locator: sums, clock, onError });
    const calc = caller(await me(), { service: "calc", patience: 0 });
    const call = () => calc.callRemote(SumOnce, { a: 1, b: 2 });
    expect(await call()).toEqual({ total: 3 });
    permit(`{ publish: ">", subscribe: { deny: "calc.call.>" } }`);
    await until(() => errors.length > 0);
    expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining("calc.call.SumOnce")]);
    expect(await rejection(call())).toBeInstanceOf(Error);
    permit(ALL);
    let answer: unknown;
    while (answer === undefined) {
      clock.advance(30_000); // the reload may take longer than the first attempt to subscribe
      answer = await call().catch(() => undefined);
    }
    expect(answer).toEqual({ total: 3 });
  });

  test("a worker without allow_responses reports that its answers are rejected", async () => {
    const { worker: connection, me } = await start(`{ publish: "calc.>", subscribe: ">" }`);
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    await serve(await connection(), { service: "calc", locator: sums, onError });
    const calc = caller(await me(), { service: "calc", silence: 20_000 });
    const failed = rejection(calc.callRemote(SumOnce, { a: 1, b: 2 }));
    await until(() => errors.length > 0);
    expect(errors[0]).toBeInstanceOf(NoResponders);
    expect(errors).toMatchObject([{ message: expect.stringContaining("set allow_responses") }]);
    calc.destroy();
    await failed;
  });
});
