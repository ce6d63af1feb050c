/** Contract of the connections of a client of `reconnecting`, over any kind of connection. */
import { getEventListeners } from "node:events";
import { ConnectFailed, type Connection, ConnectionClosed, ConnectionLost, command, unicode } from "ampwire";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { ReconnectingBaseOptions } from "../../src/core/reconnecting/options.ts";
import { deferred } from "../support/deferred.ts";
import { breakAll, type Carrier } from "../support/reconnecting/carrier.ts";
import { Add, add, HangSafely, Note } from "../support/reconnecting/commands.ts";
import { kept } from "../support/reconnecting/kept.ts";
import { causeOf, rejection } from "../support/settled.ts";
import { collectWarnings } from "../support/warnings.ts";

export function connectionContract<C extends Connection>(carrier: Carrier<C>): void {
  describe("the connection of a client", () => {
    it("a client retries after longer and longer delays and reports each error", async () => {
      const place = carrier.place();
      const backoff = { initial: 50, max: 150, jitter: () => 1 };
      const { client, clock, become } = kept(place.reconnecting, { backoff });
      const call = client.callRemote(Add, { a: 1, b: 1 });
      const delays: unknown[] = [];
      for (let attempt = 0; attempt < 4; attempt++) {
        const { delay, error } = await become("waiting");
        expect(error).toBeInstanceOf(ConnectFailed);
        expect(client.lastError).toBe(error);
        delays.push(delay);
        clock.advance((delay ?? 0) - 1);
        expect(client.state).toBe("waiting");
        if (attempt === 3) await place.serve(add);
        clock.advance(1);
      }
      expect(delays).toEqual([50, 100, 150, 150]);
      expect(await call).toEqual({ total: 2 });
      expect(client.connection).toBeDefined();
      expect(client.lastError).toBeInstanceOf(ConnectFailed);
    });

    it("retry() ends a delay at once", async () => {
      const place = carrier.place();
      const { client, clock, changes, become } = kept(place.reconnecting);
      client.retry(); // no delay is running yet
      await become("waiting");
      await place.serve(add);
      client.retry();
      expect(await client.callRemote(Add, { a: 1, b: 1 })).toEqual({ total: 2 });
      client.retry();
      expect(clock.now()).toBe(0);
      expect(changes.map(({ state }) => state)).toEqual(["connecting", "waiting", "connecting", "connected"]);
    });

    it("a broken connection is replaced", async () => {
      const place = carrier.place();
      const server = await place.serve(add);
      const { client, clock, become } = kept(place.reconnecting);
      await client.callRemote(Add, { a: 1, b: 1 });
      const first = client.connection;
      const waiting = become("waiting");
      breakAll(server);
      expect((await waiting).error).toBeInstanceOf(ConnectionLost);
      expect(client.connection).toBeUndefined();
      const call = client.callRemote(Add, { a: 2, b: 2 });
      clock.advance(100);
      expect(await call).toEqual({ total: 4 });
      expect(client.connection).not.toBe(first);
    });

    it("a fatal error closes the client without another attempt", async () => {
      const { client } = kept(carrier.place().reconnecting, {
        isFatalError: (error) => error instanceof ConnectFailed,
      });
      const call = client.callRemote(Add, { a: 1, b: 1 });
      expect(await rejection(call)).toBeInstanceOf(ConnectFailed);
      expect(await client.closed).toBe(client.lastError);
      expect(client.state).toBe("closed");
    });

    const bare: unknown = Object.create(null);
    it.each<[string, unknown, (fail: () => never) => ReconnectingBaseOptions<C>]>([
      ["isFatalError", new Error("is it fatal"), (fail) => ({ isFatalError: fail })],
      ["jitter", new Error("how long"), (fail) => ({ backoff: { jitter: fail } })],
      ["isFatalError, with a value that is not an Error,", bare, (fail) => ({ isFatalError: fail })],
    ])("a client closes if %s throws", async (_, thrown, behaviour) => {
      const fail = () => {
        throw thrown;
      };
      const { client, changes } = kept(carrier.place().reconnecting, behaviour(fail));
      const call = rejection(client.callRemote(Add, { a: 1, b: 1 }));
      const reason = await client.closed;
      expect(reason instanceof Error && (reason === thrown || reason.cause === thrown)).toBe(true);
      expect(causeOf(await call)).toBe(reason);
      expect(causeOf(await rejection(client.callRemote(Add, { a: 1, b: 1 })))).toBe(reason);
      expect(changes.at(-1)).toMatchObject({ state: "closed", error: { code: "CONNECT_FAILED" } });
      await client.close();
    });

    it("a client retries if open() rejects with a value that is not an Error", async () => {
      const { client, become } = kept<C>((behaviour) =>
        carrier.reconnecting({ ...behaviour, open: () => Promise.reject(bare) }),
      );
      expect((await become("waiting")).error).toMatchObject({ code: "CONNECT_FAILED", cause: bare });
      expect(client.state).toBe("waiting");
    });

    it.each(["inside open()", "when open() has just resolved"])(
      "a client that is ended %s sets up no connection",
      async (when) => {
        const place = carrier.place();
        await place.serve(add);
        let opened: Promise<C> | undefined;
        let setUps = 0;
        const { client } = kept<C>((behaviour) =>
          carrier.reconnecting({
            ...behaviour,
            onConnection: () => void setUps++,
            open: (signal) => {
              opened = place.connect(signal.aborted ? signal : new AbortController().signal);
              if (when === "inside open()") client.destroy();
              else void opened.then(() => client.destroy());
              return opened;
            },
          }),
        );
        expect(await client.closed).toBeInstanceOf(ConnectionClosed);
        expect(await (await opened)?.closed).toBeInstanceOf(ConnectionClosed);
        expect(setUps).toBe(0);
      },
    );

    it("a client has as many abort listeners after many delays as at first", async () => {
      const listeners: number[] = [];
      const { client, clock, become } = kept<C>((behaviour) =>
        carrier.reconnecting({
          ...behaviour,
          open: (signal) => {
            // A platform's signal, of which Node knows the listeners.
            if (signal instanceof AbortSignal) listeners.push(getEventListeners(signal, "abort").length);
            return Promise.reject(new ConnectFailed("nobody is there"));
          },
        }),
      );
      for (let attempt = 0; attempt < 5; attempt++) {
        await become("waiting");
        if (attempt % 2 === 0) clock.advance(60_000);
        else client.retry();
      }
      await become("waiting");
      expect(listeners).toEqual([0, 0, 0, 0, 0, 0]);
    });

    it("open() replaces the way in which connections are opened", async () => {
      const place = carrier.place();
      await place.serve(add);
      let opened = 0;
      const { client } = kept<C>((behaviour) =>
        carrier.reconnecting({
          ...behaviour,
          open: (signal) => {
            opened++;
            return place.connect(signal);
          },
        }),
      );
      expect(await client.callRemote(Add, { a: 1, b: 1 })).toEqual({ total: 2 });
      expect(opened).toBe(1);
    });

    it.each([
      [
        "throws",
        (error: Error) => {
          throw error;
        },
      ],
      ["rejects", (error: Error) => Promise.reject(error)],
    ])(
      "an onStateChange that %s does not affect the connection, and onError gets its error",
      async (_, fail) => {
        const place = carrier.place();
        await place.serve(add);
        const failure = new Error("a listener's own");
        const onError = vi.fn();
        const { client } = kept(place.reconnecting, { onStateChange: () => fail(failure), onError });
        expect(await client.callRemote(Add, { a: 1, b: 1 })).toEqual({ total: 2 });
        const report = [failure, { command: undefined, connection: undefined }];
        expect(onError.mock.calls).toEqual([report, report]);
      },
    );

    it("without onError a warning reports the error of onStateChange, and the process continues", async () => {
      const { warnings, stop } = collectWarnings();
      onTestFinished(stop);
      const { client } = kept<C>(
        (behaviour) => carrier.reconnecting({ ...behaviour, open: carrier.place().connect }),
        {
          onStateChange: ({ state }) => {
            if (state === "closed") throw new Error("a listener's own");
          },
        },
      );
      client.destroy();
      await client.closed;
      expect(warnings()).toMatchObject([
        { message: "ampwire: Error: a listener's own (set onError to handle such errors)" },
      ]);
    });
  });

  describe("onConnection", () => {
    it("onConnection sets up every connection before queued calls are sent", async () => {
      const Login = command("Login", { arguments: { name: unicode() } });
      const Whoami = command("Whoami", { response: { name: unicode() } });
      const place = carrier.place();
      const server = await place.serve(
        Login.responder(async ({ name }, { state }) => {
          await new Promise(setImmediate);
          state.name = name;
        }),
        Whoami.responder((_, { state }) => ({ name: String(state.name) })),
      );
      const { client, clock, become } = kept(place.reconnecting, {
        onConnection: async (connection) => {
          await connection.callRemote(Login, { name: "alice" });
        },
      });
      expect(await client.callRemote(Whoami)).toEqual({ name: "alice" });
      const waiting = become("waiting");
      breakAll(server);
      await waiting;
      const again = client.callRemote(Whoami);
      clock.advance(100);
      expect(await again).toEqual({ name: "alice" });
    });

    it("onConnection runs again on another connection if it fails", async () => {
      const place = carrier.place();
      const server = await place.serve(add);
      const failure = new Error("not yet");
      let tries = 0;
      const { client, clock, become } = kept(place.reconnecting, {
        onConnection: () => {
          if (++tries === 1) throw failure;
        },
      });
      const { error, delay } = await become("waiting");
      expect(error).toBe(failure);
      await expect.poll(() => server.connections.size).toBe(0);
      clock.advance(delay ?? 0);
      expect(await client.callRemote(Add, { a: 1, b: 1 })).toEqual({ total: 2 });
    });

    it("onConnection ends at setupTimeout or with its connection", async () => {
      const place = carrier.place();
      const server = await place.serve(add);
      const entered = [deferred(), deferred()];
      let tries = 0;
      const { clock, become } = kept(place.reconnecting, {
        setupTimeout: 5_000,
        onConnection: () => {
          entered[tries++]?.resolve();
          return new Promise(() => {});
        },
      });
      await entered[0]?.promise;
      const late = become("waiting");
      clock.advance(5_000);
      const { error, delay } = await late;
      expect(error?.message).toContain("5000 ms");
      clock.advance(delay ?? 0);
      await entered[1]?.promise;
      const lost = become("waiting");
      await expect.poll(() => server.connections.size).toBe(1);
      breakAll(server);
      expect((await lost).error).toBeInstanceOf(ConnectionLost);
    });
  });

  describe("the end of a client", () => {
    it("close() finishes calls in progress and rejects later ones", async () => {
      const place = carrier.place();
      const gate = deferred();
      const begun = deferred();
      const Slow = command("Slow", { idempotent: true });
      await place.serve(
        Slow.responder(() => {
          begun.resolve();
          return gate.promise;
        }),
      );
      const { client, become } = kept(place.reconnecting);
      await become("connected");
      const call = client.callRemote(Slow);
      await begun.promise;
      const closed = client.close();
      expect(await rejection(client.callRemote(Slow))).toBeInstanceOf(ConnectionClosed);
      expect(client.callRemote(Note, { text: "dropped" })).toBeUndefined();
      gate.resolve();
      expect(await call).toEqual({});
      await closed;
      expect(client.state).toBe("closed");
      expect(await client.closed).toBeInstanceOf(ConnectionClosed);
      await client.close();
    });

    it("destroy() rejects calls in progress, idempotent ones too", async () => {
      const place = carrier.place();
      const begun = deferred();
      await place.serve(
        HangSafely.responder(() => {
          begun.resolve();
          return new Promise(() => {});
        }),
      );
      const { client, become } = kept(place.reconnecting);
      await become("connected");
      const call = rejection(client.callRemote(HangSafely));
      await begun.promise;
      const reason = new Error("over");
      client.destroy(reason);
      expect(causeOf(await call)).toBe(reason);
      expect(await client.closed).toBe(reason);
    });

    it("close() ends a client during an attempt, a delay and onConnection", async () => {
      const place = carrier.place();
      const attempt = kept(place.reconnecting);
      const refused = rejection(attempt.client.callRemote(Add, { a: 1, b: 1 }));
      await attempt.client.close();
      expect(await refused).toBeInstanceOf(ConnectionClosed);

      const wait = kept(place.reconnecting);
      await wait.become("waiting");
      await wait.client.close();

      const server = await place.serve(add);
      const entered = deferred();
      const setUp = kept(place.reconnecting, {
        onConnection: () => {
          entered.resolve();
          return new Promise(() => {});
        },
      });
      await entered.promise;
      await setUp.client.close();
      await expect.poll(() => server.connections.size).toBe(0);
      for (const { changes } of [attempt, wait, setUp]) expect(changes.at(-1)?.state).toBe("closed");
    });

    it("close() does not wait for an open() that ignores its signal, and destroys its late connection", async () => {
      const place = carrier.place();
      const server = await place.serve(add);
      const { promise, resolve } = deferred<C>();
      const { client, become } = kept<C>((behaviour) =>
        carrier.reconnecting({ ...behaviour, open: () => promise }),
      );
      await become("connecting");
      await client.close();
      expect(client.state).toBe("closed");
      const late = await place.connect(new AbortController().signal);
      resolve(late);
      expect(await late.closed).toBe(await client.closed);
      await expect.poll(() => server.connections.size).toBe(0);
    });

    it("destroy() from the first state change prevents the first open()", async () => {
      let opened = 0;
      const { client } = kept<C>((behaviour) =>
        carrier.reconnecting({
          ...behaviour,
          onStateChange: ({ state }) => {
            if (state === "connecting") client.destroy();
          },
          open: (signal) => {
            opened++;
            return carrier.place().connect(signal);
          },
        }),
      );
      await client.closed;
      expect(opened).toBe(0);
    });

    it("the end of a scope or a signal ends the client", async () => {
      const place = carrier.place();
      await place.serve(add);
      let ended: Promise<Error>;
      {
        await using client = place.reconnecting({});
        ended = client.closed;
        await client.callRemote(Add, { a: 1, b: 1 });
      }
      expect(await ended).toBeInstanceOf(ConnectionClosed);

      const controller = new AbortController();
      const { signal } = controller;
      const { client } = kept(place.reconnecting, { signal });
      const own = kept<C>((behaviour) => carrier.reconnecting({ ...behaviour, open: place.connect }), {
        signal,
      });
      for (const one of [client, own.client]) await one.callRemote(Add, { a: 1, b: 1 });
      const reason = new Error("enough");
      controller.abort(reason);
      for (const one of [client, own.client]) expect(await one.closed).toBe(reason);
      expect(await kept(place.reconnecting, { signal }).client.closed).toBe(reason);
    });
  });
}
