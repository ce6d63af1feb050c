/** Contract of calls through a client of `reconnecting`, over any kind of connection. */
import {
  type Argument,
  Box,
  CallTimeout,
  type Connection,
  ConnectionLost,
  command,
  InvalidSignature,
  integer,
  LimitExceeded,
  ProtocolSwitchCommand,
} from "ampwire";
import { describe, expect, it } from "vitest";
import { deferred } from "../support/deferred.ts";
import { breakAll, type Carrier, type ServerThere } from "../support/reconnecting/carrier.ts";
import { Add, add, Hang, HangSafely, Note } from "../support/reconnecting/commands.ts";
import { kept } from "../support/reconnecting/kept.ts";
import { rejection } from "../support/settled.ts";

export function callsContract<C extends Connection>(carrier: Carrier<C>): void {
  it("queued calls are sent in order when the connection is ready", async () => {
    const place = carrier.place();
    const texts: string[] = [];
    const note = Note.responder(({ text }) => void texts.push(text));
    await place.serve(add, note);
    const { client, changes } = kept(place.reconnecting);
    expect(client.state).toBe("connecting");
    expect(client.callRemote(Note, { text: "first" })).toBeUndefined();
    const sum = client.callRemote(Add, { a: 1, b: 2 });
    client.callRemote(Note, { text: "second" });
    expect(client.waiting).toBe(3);
    expect(await sum).toEqual({ total: 3 });
    expect(texts).toEqual(["first", "second"]);
    expect(client.state).toBe("connected");
    expect(client.connection?.secure).toBe(false);
    expect((await client.callRemoteString("Add", new Box({ a: "4", b: "5" }))).text("total")).toBe("9");
    expect(changes.map(({ state }) => state)).toEqual(["connecting", "connected"]);
  });

  it.each([true, false])(
    "the arguments of a call on an open connection are encoded once (requiresAnswer: %s)",
    async (requiresAnswer) => {
      const place = carrier.place();
      const values: number[] = [];
      const counting: Argument<number> = {
        encode: (value) => {
          values.push(value);
          return integer().encode(value);
        },
        decode: integer().decode,
      };
      const Count = command("Count", { arguments: { n: counting }, requiresAnswer });
      await place.serve(
        add,
        Count.responder(() => ({})),
      );
      const { client } = kept(place.reconnecting);
      await client.callRemote(Add, { a: 1, b: 1 });
      await client.callRemote(Count, { n: 7 });
      expect(values).toEqual([7]);
    },
  );

  it("calls made in onConnection and when the client is connected are sent after the queued calls", async () => {
    const place = carrier.place();
    const texts: string[] = [];
    await place.serve(
      add,
      Note.responder(({ text }) => void texts.push(text)),
    );
    const note = (text: string) => client.callRemote(Note, { text });
    const { client } = kept(place.reconnecting, {
      onConnection: () => void note("3"),
      onStateChange: ({ state, connection }) => {
        if (state !== "connected") return;
        note("4");
        connection?.callRemote(Note, { text: "5" });
      },
    });
    note("1");
    note("2");
    expect(await client.callRemote(Add, { a: 1, b: 1 })).toEqual({ total: 2 });
    await client.callRemote(Add, { a: 1, b: 1 });
    expect(texts).toEqual(["1", "2", "3", "4", "5"]);
  });

  it("calls of every kind keep their order over a connection that breaks, and a login goes before them", async () => {
    const place = carrier.place();
    const served: string[] = [];
    const begun = deferred();
    const server = await place.serve(
      add,
      Note.responder(({ text }) => void served.push(text)),
      HangSafely.responder(({ id }) => {
        served.push(`again ${id}`);
        if (served.filter((text) => text.startsWith("again")).length > 2) return { run: 0 };
        if (id === 2) begun.resolve();
        return new Promise<never>(() => {});
      }),
    );
    const note = (text: string) => client.callRemote(Note, { text });
    let connections = 0;
    const { client, clock, become } = kept(place.reconnecting, {
      onConnection: async (connection) => {
        if (++connections === 1) return;
        note("in onConnection");
        connection.callRemote(Note, { text: "login" });
        await connection.callRemote(Add, { a: 1, b: 1 });
        note("at the end of onConnection");
      },
      onStateChange: ({ state }) => {
        if (connections < 2 || state !== "connected") return;
        note("connected");
        void Promise.resolve().then(() => note("in a microtask"));
      },
    });
    await become("connected");
    const repeated = [1, 2].map((id) => client.callRemote(HangSafely, { id }));
    await begun.promise;
    served.length = 0;
    const waiting = become("waiting");
    breakAll(server);
    const { delay = 0 } = await waiting;
    note("queued");
    client.callRemoteString("Note", new Box({ text: "by name" }), { requiresAnswer: false });
    const last = client.callRemoteString("Note", new Box({ text: "by name, answered" }));
    served.push("again", "again"); // the second run of each is answered
    clock.advance(delay);
    await Promise.all([...repeated, last]);
    await client.callRemote(Add, { a: 1, b: 1 });
    await client.callRemote(Add, { a: 1, b: 1 });
    expect(served.slice(2)).toEqual([
      "login",
      "again 1",
      "again 2",
      "queued",
      "by name",
      "by name, answered",
      "in onConnection",
      "at the end of onConnection",
      "connected",
      "in a microtask",
    ]);
  });

  it("a call made when the connection has just been destroyed comes after the calls that are sent again", async () => {
    const place = carrier.place();
    const ids: unknown[] = [];
    const begun = deferred();
    await place.serve(
      HangSafely.responder(({ id }) => {
        if (ids.push(id) === 2) begun.resolve();
        return ids.length <= 2 ? new Promise<never>(() => {}) : { run: 0 };
      }),
    );
    const { client, clock, become } = kept(place.reconnecting);
    await become("connected");
    const calls = [1, 2].map((id) => client.callRemote(HangSafely, { id }));
    await begun.promise;
    const waiting = become("waiting");
    client.connection?.destroy();
    calls.push(client.callRemote(HangSafely, { id: 3 }));
    clock.advance((await waiting).delay ?? 0);
    await Promise.all(calls);
    expect(ids).toEqual([1, 2, 1, 2, 3]);
  });

  it.each([
    [undefined, 3],
    [1, 1],
    [5, 5],
  ])("an idempotent call with maxAttempts %s is sent %i times", async (maxAttempts, sent) => {
    const place = carrier.place();
    let runs = 0;
    const server: ServerThere = await place.serve(
      add,
      HangSafely.responder(() => {
        runs++;
        breakAll(server);
        return { run: runs };
      }),
    );
    const backoff = { initial: 0, max: 0 };
    const { client, clock, become } = kept(place.reconnecting, { maxAttempts, backoff });
    await become("connected");
    const call = rejection(client.callRemote(HangSafely));
    for (let attempt = 1; attempt <= sent; attempt++) {
      const connected = attempt < sent ? become("connected") : undefined;
      await become("waiting");
      clock.advance(0);
      await connected;
    }
    const error = await call;
    expect(error).toBeInstanceOf(ConnectionLost);
    if (sent > 1) {
      expect(error.message).toContain(`sent ${sent} times`);
      expect(error.cause).toBeInstanceOf(ConnectionLost);
    }
    expect(runs).toBe(sent);
    expect(await client.callRemote(Add, { a: 1, b: 1 })).toEqual({ total: 2 }); // the client continues
  });

  describe("a call in flight when the connection breaks", () => {
    it("a call in progress rejects when the connection breaks, and is not repeated", async () => {
      const place = carrier.place();
      let runs = 0;
      const server: ServerThere = await place.serve(
        Hang.responder(() => {
          runs++;
          breakAll(server);
        }),
      );
      const { client, clock, become } = kept(place.reconnecting);
      const waiting = become("waiting");
      expect(await rejection(client.callRemote(Hang))).toBeInstanceOf(ConnectionLost);
      await waiting;
      const connected = become("connected");
      clock.advance(100);
      await connected;
      expect(runs).toBe(1);
    });

    it("an idempotent call in progress is repeated on the next connection", async () => {
      const place = carrier.place();
      let runs = 0;
      const ids: unknown[] = [];
      const server: ServerThere = await place.serve(
        HangSafely.responder(({ id }) => {
          ids.push(id);
          if (++runs < 3) breakAll(server);
          return { run: runs };
        }),
      );
      const { client, clock, become } = kept(place.reconnecting);
      await become("connected");
      const which = { id: 7 };
      const call = client.callRemote(HangSafely, which);
      which.id = 8;
      for (let i = 0; i < 2; i++) clock.advance((await become("waiting")).delay ?? 0);
      expect(await call).toEqual({ run: 3 });
      expect(ids).toEqual([7, 7, 7]);
    });

    it("a repeated call keeps its timeout over all connections", async () => {
      const place = carrier.place();
      const server: ServerThere = await place.serve(
        HangSafely.responder(() => {
          breakAll(server);
          return { run: 0 };
        }),
      );
      const backoff = { initial: 1_000, jitter: () => 1 };
      const { client, clock, become } = kept(place.reconnecting, { backoff });
      await become("connected");
      const call = rejection(client.callRemote(HangSafely, {}, { timeout: 700 }));
      await become("waiting");
      expect(client.waiting).toBe(1);
      clock.advance(700);
      const error = await call;
      expect(error).toBeInstanceOf(CallTimeout);
      expect(error.cause).toBe(client.lastError);
    });

    it("a call rejects with the peer's declared error, idempotent or not", async () => {
      class Refused extends Error {}
      const Refuse = command("Refuse", { idempotent: true, errors: { REFUSED: Refused } });
      const place = carrier.place();
      await place.serve(
        Refuse.responder(() => {
          throw new Refused("no");
        }),
      );
      const { client } = kept(place.reconnecting);
      expect(await rejection(client.callRemote(Refuse))).toBeInstanceOf(Refused);
    });
  });

  it("a call on an open connection keeps its own timeout, or the client's", async () => {
    const place = carrier.place();
    await place.serve(
      Hang.responder(() => new Promise(() => {})),
      add,
    );
    const { client, clock, become } = kept(place.reconnecting, { callTimeout: 500 });
    await become("connected");
    const own = rejection(client.callRemote(Hang, {}, { timeout: 20 }));
    const common = rejection(client.callRemote(Hang));
    await client.callRemote(Add, { a: 1, b: 1 });
    clock.advance(20);
    expect(await own).toBeInstanceOf(CallTimeout);
    clock.advance(480);
    expect(await common).toBeInstanceOf(CallTimeout);
    expect(client.state).toBe("connected");
  });

  describe("a queued call", () => {
    it("a queued call rejects at its own timeout, or at the client's", async () => {
      const { client, clock, become } = kept(carrier.place().reconnecting, { callTimeout: 500 });
      const own = rejection(client.callRemote(Add, { a: 1, b: 1 }, { timeout: 20 }));
      const common = rejection(client.callRemote(Add, { a: 1, b: 1 }));
      await become("waiting");
      clock.advance(20);
      expect(await own).toMatchObject({ code: "CALL_TIMEOUT", cause: { code: "CONNECT_FAILED" } });
      expect(client.waiting).toBe(1);
      clock.advance(480);
      expect(await common).toBeInstanceOf(CallTimeout);
    });

    it("a queued call rejects when its signal aborts", async () => {
      const { client } = kept(carrier.place().reconnecting);
      const controller = new AbortController();
      const options = { signal: controller.signal };
      const call = rejection(client.callRemote(Add, { a: 1, b: 1 }, options));
      const reason = new Error("enough");
      controller.abort(reason);
      expect(await call).toBe(reason);
      expect(await rejection(client.callRemote(Add, { a: 1, b: 1 }, options))).toBe(reason);
      expect(client.waiting).toBe(0);
    });

    it("a queued call sends the values that it was made with, even if the caller changes them later", async () => {
      const place = carrier.place();
      const texts: string[] = [];
      await place.serve(
        Note.responder(({ text }) => void texts.push(text)),
        add,
      );
      const { client } = kept(place.reconnecting);
      const note = { text: "" };
      const terms = { a: 1, b: 1 };
      const box = new Box({ text: "by name" });
      for (const text of ["first", "second"]) {
        note.text = text;
        client.callRemote(Note, note);
      }
      client.callRemoteString("Note", box, { requiresAnswer: false });
      const sum = client.callRemote(Add, terms);
      note.text = "changed";
      terms.a = 100;
      box.set("text", "changed");
      expect(await sum).toEqual({ total: 2 });
      expect(texts).toEqual(["first", "second", "by name"]);
    });

    it("a queued callRemoteString needs no box", async () => {
      const place = carrier.place();
      await place.serve(Hang.responder(() => {}));
      const { client } = kept(place.reconnecting);
      const call = client.callRemoteString("Hang");
      expect(client.waiting).toBe(1);
      expect((await call).has("_answer")).toBe(true);
    });

    it("a call over the maximum of queued calls rejects", async () => {
      const { client } = kept(carrier.place().reconnecting, { queue: { maxCalls: 2 } });
      for (let i = 0; i < 2; i++) client.callRemote(Note, { text: "waits" });
      expect(await rejection(client.callRemote(Add, { a: 1, b: 1 }))).toBeInstanceOf(LimitExceeded);
      expect(() => client.callRemote(Note, { text: "one too many" })).toThrow(/queue\.maxCalls/);
    });

    it("a call over the maximum of queued bytes rejects, and an aborted call frees its bytes", async () => {
      const { client } = kept(carrier.place().reconnecting, { queue: { maxBytes: 1_000 } });
      const controller = new AbortController();
      const long = new Box({ data: "x".repeat(900) });
      const first = rejection(client.callRemoteString("Long", long, { signal: controller.signal }));
      expect(await rejection(client.callRemoteString("Long", long))).toMatchObject({
        code: "LIMIT_EXCEEDED",
        message: expect.stringContaining("queue.maxBytes"),
      });
      controller.abort();
      await first;
      client.callRemoteString("Long", long, { requiresAnswer: false });
      expect(client.waiting).toBe(1);
    });

    it("a call that cannot be sent rejects at once instead of being queued", async () => {
      const { client } = kept(carrier.place().reconnecting);
      // @ts-expect-error: b is missing
      expect(await rejection(client.callRemote(Add, { a: 1 }))).toBeInstanceOf(InvalidSignature);
      const Switch = new ProtocolSwitchCommand("Switch", {});
      expect(await rejection(client.callRemote(Switch, { protocol: () => {} }))).toMatchObject({
        message: expect.stringContaining("onConnection"),
      });
      expect(client.waiting).toBe(0);
    });
  });
}
