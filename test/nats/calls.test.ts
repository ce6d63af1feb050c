/** Calls from programs to workers over a NATS server in memory. */
import {
  BadLocalReturn,
  Box,
  CallTimeout,
  ConnectionClosed,
  InvalidSignature,
  LimitExceeded,
  locator,
  ResponderLost,
  StartTLS,
  TLSNotAvailable,
  TLSRequired,
  TooLong,
  Unavailable,
  UnhandledCommand,
  UnknownRemoteError,
} from "ampwire";
import { caller, edge, NoResponders, serve, subscribe, topic } from "ampwire/nats";
import { flushPending, type ManualClock, type MemoryNats, type MemoryNatsConnection } from "ampwire/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { deferred } from "../support/deferred.ts";
import { rejection, settling } from "../support/settled.ts";
import { collectWarnings } from "../support/warnings.ts";
import {
  Broken,
  Divide,
  Echo,
  Get,
  NoSuchKey,
  Note,
  Odd,
  Secret,
  Sum,
  SumOnce,
  ZeroDivision,
} from "./support/commands.ts";
import { calculator, network } from "./support/network.ts";

describe("a call over NATS", () => {
  test("a call resolves with the typed response of a worker", async () => {
    const { work, call } = network();
    await work();
    expect(await call().callRemote(Sum, { a: 13, b: 81 })).toEqual({ total: 94 });
  });

  test("the calls of one caller are shared by all workers", async () => {
    const { work, call } = network();
    const served = [0, 0, 0];
    for (const index of served.keys())
      await work({
        locator: locator(
          Sum.responder(({ a, b }) => {
            served[index]!++;
            return { total: a + b };
          }),
        ),
      });
    const calc = call();
    const sums = Array.from({ length: 60 }, (_, a) => calc.callRemote(Sum, { a, b: 1 }));
    expect((await Promise.all(sums)).map(({ total }) => total)).toEqual(sums.map((_, a) => a + 1));
    expect(served.reduce((a, b) => a + b)).toBe(60);
    for (const count of served) expect(count).toBeGreaterThan(0);
  });

  test("a declared error of a worker arrives as its class", async () => {
    const { work, call } = network();
    await work();
    const error = await rejection(call().callRemote(Divide, { numerator: 1, denominator: 0 }));
    expect(error).toBeInstanceOf(ZeroDivision);
    expect(error.message).toBe("cannot divide by zero");
    const fatal = await rejection(call().callRemote(Divide, { numerator: 1, denominator: -1 }));
    expect(fatal).toBeInstanceOf(Broken);
  });

  test("the data of a declared error arrives with it", async () => {
    const { work, call } = network();
    await work({
      locator: locator(
        Get.responder(({ key }) => {
          throw new NoSuchKey("not found", { key });
        }),
      ),
    });
    const error = await rejection(call().callRemote(Get, { key: "k" }));
    expect(error).toBeInstanceOf(NoSuchKey);
    expect((error as NoSuchKey).key).toBe("k");
  });

  test("an undeclared error reaches onError, and the caller does not see its text", async () => {
    const { work, call } = network();
    const errors: unknown[] = [];
    await work({ onError: (error, { command }) => errors.push([command, String(error)]) });
    const error = await rejection(call().callRemote(Divide, { numerator: 1, denominator: -2 }));
    expect(error).toBeInstanceOf(UnknownRemoteError);
    expect(error.message).not.toContain("secret");
    expect(errors).toEqual([["Divide", "Error: a secret of the worker"]]);
  });

  test("a command name with dots, wildcards and letters outside ASCII reaches its responder", async () => {
    const { work, call } = network();
    await work();
    expect(await call().callRemote(Odd)).toEqual({ n: 7 });
  });

  test("callRemoteString calls by name and resolves with the box of the answer", async () => {
    const { work, call } = network();
    await work();
    const box = await call().callRemoteString("Sum", new Box({ a: "1", b: "2" }));
    expect(box.text("total")).toBe("3");
    const error = await rejection(call().callRemoteString("Sum", new Box({ a: "1" })));
    expect(error).toBeInstanceOf(UnknownRemoteError);
  });

  test("a command without an answer is served once", async () => {
    const { work, call } = network();
    const notes: string[] = [];
    await work({ locator: locator(Note.responder(({ text }) => void notes.push(text))) });
    expect(call().callRemote(Note, { text: "hello" })).toBeUndefined();
    await flushPending();
    expect(notes).toEqual(["hello"]);
  });

  test("the error of a responder for a command without an answer reaches onError", async () => {
    const { work, call } = network();
    const errors: string[] = [];
    await work({
      locator: locator(Note.responder(() => Promise.reject(new Error("no")))),
      onError: (error) => errors.push(String(error)),
    });
    call().callRemote(Note, { text: "" });
    await flushPending();
    expect(errors).toEqual(["Error: no"]);
  });

  test("invalid arguments are rejected before anything is published", async () => {
    const { work, call, nats } = network();
    await work();
    const sent: string[] = [];
    nats.setFault(({ subject }) => void sent.push(subject));
    // @ts-expect-error an argument is missing
    expect(await rejection(call().callRemote(Sum, { a: 1 }))).toBeInstanceOf(InvalidSignature);
    await flushPending();
    expect(sent).toEqual([]);
  });

  test("a raw responder of an object is served through one subscription for all commands", async () => {
    const { work, call } = network();
    await work({ locator: locator({ amp_PING: (box: Box) => new Box({ pong: box.get("ping") ?? "" }) }) });
    const box = await call().callRemoteString("Ping", new Box({ ping: "1" }));
    expect(box.text("pong")).toBe("1");
    expect(await rejection(call().callRemoteString("Other"))).toBeInstanceOf(UnhandledCommand);
  });
});

describe("a call that is not executed", () => {
  test("without patience a call is rejected at once if there is no worker", async () => {
    const { call } = network();
    const error = await rejection(call({ patience: 0 }).callRemote(SumOnce, { a: 1, b: 2 }));
    expect(error).toBeInstanceOf(NoResponders);
    expect(error).toBeInstanceOf(Unavailable);
    expect(error).toMatchObject({ name: "NoResponders", code: "NO_RESPONDERS" });
  });

  test("a call waits for a worker for the time of its patience", async () => {
    const { work, call, advance } = network();
    const answer = call({ patience: 1_000 }).callRemote(SumOnce, { a: 1, b: 2 });
    await advance(500);
    await work();
    await advance(300);
    expect(await answer).toEqual({ total: 3 });
  });

  test("a call is rejected after its patience if no worker has started", async () => {
    const { call, advance } = network();
    const { how, over } = settling(call({ patience: 1_000 }).callRemote(SumOnce, { a: 1, b: 2 }));
    await advance(950);
    expect(how).toEqual([]);
    await advance(100);
    await over;
    expect(how).toEqual(["rejected"]);
  });

  test("a command that no worker knows is rejected as unhandled if the service has a worker", async () => {
    const { work, call } = network();
    await work({ locator: locator(Sum.responder(() => ({ total: 0 }))) });
    const error = await rejection(call({ patience: 0 }).callRemote(SumOnce, { a: 1, b: 2 }));
    expect(error).toBeInstanceOf(UnhandledCommand);
  });

  test("a full worker rejects a call, and another worker executes it", async () => {
    const { work, call, advance } = network();
    const gate = deferred();
    let most = 0;
    let now = 0;
    for (let i = 0; i < 2; i++)
      await work({
        maxAsksInProgress: 2,
        locator: locator(
          SumOnce.responder(async ({ a, b }) => {
            most = Math.max(most, ++now);
            await gate.promise;
            now--;
            return { total: a + b };
          }),
        ),
      });
    const calc = call();
    const answers = Array.from({ length: 8 }, (_, a) => calc.callRemote(SumOnce, { a, b: 1 }));
    await advance(500);
    expect(now).toBe(4);
    gate.resolve();
    await advance(1_000);
    expect((await Promise.all(answers)).map(({ total }) => total)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(most).toBe(4);
  });

  test("a command without an answer that a full worker rejects is reported to its onError", async () => {
    const { work, call } = network();
    const errors: unknown[] = [];
    const notes: string[] = [];
    await work({
      maxAsksInProgress: 1,
      locator: locator(
        Note.responder(async ({ text }) => {
          notes.push(text);
          await new Promise(() => {});
        }),
      ),
      onError: (error) => errors.push(error),
    });
    const calc = call();
    calc.callRemote(Note, { text: "1" });
    calc.callRemote(Note, { text: "2" });
    await flushPending();
    expect(notes).toEqual(["1"]);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(LimitExceeded);
  });

  test("calls wait for a connection to NATS, up to the limits of the queue", async () => {
    const { nats, work, clock, advance } = network();
    await work();
    const connection = nats.connect();
    const calc = caller(connection, { service: "calc", clock, queue: { maxCalls: 2 } });
    connection.disconnect();
    await flushPending();
    const answers = [1, 2].map((a) => calc.callRemote(SumOnce, { a, b: 0 }));
    expect(await rejection(calc.callRemote(SumOnce, { a: 3, b: 0 }))).toBeInstanceOf(LimitExceeded);
    expect(calc.waiting).toBe(2);
    await advance(500);
    connection.reconnect();
    await flushPending();
    expect(await Promise.all(answers)).toEqual([{ total: 1 }, { total: 2 }]);
    expect(calc.waiting).toBe(0);
  });

  test("a command without an answer waits for a connection to NATS", async () => {
    const { nats, work, clock } = network();
    const notes: string[] = [];
    await work({ locator: locator(Note.responder(({ text }) => void notes.push(text))) });
    const connection = nats.connect();
    const calc = caller(connection, { service: "calc", clock });
    connection.disconnect();
    await flushPending();
    calc.callRemote(Note, { text: "later" });
    connection.reconnect();
    await flushPending();
    expect(notes).toEqual(["later"]);
  });

  test("a call that waits for NATS is rejected after its patience", async () => {
    const { nats, clock, advance } = network();
    const connection = nats.connect();
    const calc = caller(connection, { service: "calc", clock, patience: 300 });
    connection.disconnect();
    await flushPending();
    const error = rejection(calc.callRemote(Sum, { a: 3, b: 0 }));
    await advance(300);
    expect(await error).toBeInstanceOf(NoResponders);
  });

  test("a subject without permission rejects the call at once", async () => {
    const { nats, work, clock } = network();
    await work();
    const program = nats.connect({ mayPublish: (subject) => !subject.startsWith("calc.call.Sum") });
    const calc = caller(program, { service: "calc", clock });
    const error = await rejection(calc.callRemote(Sum, { a: 1, b: 2 }));
    expect(error).toBeInstanceOf(NoResponders);
    expect(error.message).toContain("calc.call.Sum");
    expect(await calc.callRemote(Odd)).toEqual({ n: 7 });
  });

  test("calls on a closed NATS connection are rejected, those in progress as lost", async () => {
    const { nats, clock } = network();
    const connection = nats.connect();
    const calc = caller(connection, { service: "calc", clock });
    const waiting = rejection(calc.callRemote(Sum, { a: 1, b: 2 }));
    await connection.close();
    expect(await waiting).toBeInstanceOf(ResponderLost);
    expect(await rejection(calc.callRemote(Sum, { a: 1, b: 2 }))).toBeInstanceOf(ConnectionClosed);
    expect(calc.callRemote(Note, { text: "" })).toBeUndefined();
  });
});

/** Starts a worker whose responders never finish. Returns its NATS connection. */
async function silentWorker(nats: MemoryNats, clock: ManualClock): Promise<MemoryNatsConnection> {
  const connection = nats.connect();
  const never = () => new Promise<never>(() => {});
  const responders = locator(Sum.responder(never), SumOnce.responder(never));
  await serve(connection, { service: "calc", clock, locator: responders });
  return connection;
}

describe("a call that may have been executed", () => {
  test("a call whose worker is lost is rejected after the silence, whatever its timeout", async () => {
    const { nats, call, clock, advance } = network();
    const worker = await silentWorker(nats, clock);
    const { how, over } = settling(call({ callTimeout: 60_000 }).callRemote(SumOnce, { a: 1, b: 2 }));
    await advance(10_000);
    expect(how).toEqual([]); // heartbeats come
    worker.disconnect();
    await advance(3_050);
    await over;
    expect(how).toEqual(["rejected"]);
  });

  test("the error of a lost worker is ResponderLost", async () => {
    const { nats, call, clock, advance } = network();
    const worker = await silentWorker(nats, clock);
    const error = rejection(call().callRemote(SumOnce, { a: 1, b: 2 }));
    await flushPending();
    worker.disconnect();
    await advance(3_050);
    expect(await error).toBeInstanceOf(ResponderLost);
  });

  test("an idempotent call is made again when its worker is lost", async () => {
    const { nats, work, call, clock, advance } = network({ random: () => 0 });
    const worker = await silentWorker(nats, clock);
    const answer = call().callRemote(Sum, { a: 1, b: 2 });
    await flushPending();
    worker.disconnect();
    await work();
    await advance(3_200);
    expect(await answer).toEqual({ total: 3 });
  });

  test("a call that crashes its workers is made maxAttempts times", async () => {
    const { nats, call, clock, advance } = network();
    let crashed = 0;
    for (let i = 0; i < 5; i++) {
      const worker = nats.connect();
      const crash = () => {
        crashed++;
        worker.disconnect();
        return new Promise<never>(() => {});
      };
      await serve(worker, { service: "calc", clock, locator: locator(Sum.responder(crash)) });
    }
    const two = rejection(call().callRemote(Sum, { a: 1, b: 2 }));
    await advance(10_000);
    expect(await two).toBeInstanceOf(ResponderLost);
    expect(crashed).toBe(2);
    const three = rejection(call({ maxAttempts: 3 }).callRemote(Sum, { a: 1, b: 2 }));
    await advance(15_000);
    expect(await three).toBeInstanceOf(ResponderLost);
    expect(crashed).toBe(5);
  });

  test("a lost idempotent call is not reported as not executed if no worker is left", async () => {
    const { nats, call, clock, advance } = network();
    const worker = await silentWorker(nats, clock);
    const error = rejection(call().callRemote(Sum, { a: 1, b: 2 }));
    await flushPending();
    worker.disconnect();
    await advance(8_000);
    expect(await error).toBeInstanceOf(ResponderLost);
  });

  test("calls in progress are rejected when the caller's NATS connection breaks", async () => {
    const { nats, work, clock, advance } = network();
    await work({
      locator: locator(
        SumOnce.responder(() => new Promise(() => {})),
        Sum.responder(() => ({ total: 5 })),
      ),
    });
    const connection = nats.connect();
    const calc = caller(connection, { service: "calc", clock });
    const once = rejection(calc.callRemote(SumOnce, { a: 1, b: 2 }));
    await flushPending();
    const again = calc.callRemote(Sum, { a: 2, b: 3 });
    connection.disconnect();
    expect(await once).toBeInstanceOf(ResponderLost);
    await advance(100);
    connection.reconnect();
    await advance(100);
    expect(await again).toEqual({ total: 5 });
  });

  test("a call is rejected with CallTimeout at its timeout, and a late answer is dropped", async () => {
    const { work, call, advance } = network();
    const gate = deferred();
    await work({
      locator: locator(
        SumOnce.responder(async () => {
          await gate.promise;
          return { total: 1 };
        }),
        Odd.responder(() => ({ n: 1 })),
      ),
    });
    const calc = call({ callTimeout: 500 });
    const error = rejection(calc.callRemote(SumOnce, { a: 1, b: 2 }));
    await advance(500);
    expect(await error).toBeInstanceOf(CallTimeout);
    gate.resolve();
    await flushPending();
    expect(await calc.callRemote(Odd)).toEqual({ n: 1 });
  });

  test("a call is rejected with the reason of its signal", async () => {
    const { work, call } = network();
    await work({ locator: locator(SumOnce.responder(() => new Promise(() => {}))) });
    const controller = new AbortController();
    const error = rejection(call().callRemote(SumOnce, { a: 1, b: 2 }, { signal: controller.signal }));
    await flushPending();
    controller.abort(new Error("changed my mind"));
    expect((await error).message).toBe("changed my mind");
  });

  test("the signal of a responder is aborted when its caller stops to wait", async () => {
    const { work, call, advance } = network();
    const reasons: unknown[] = [];
    await work({
      locator: locator(
        SumOnce.responder(
          (_, { signal }) =>
            new Promise((_resolve, reject) => {
              signal.addEventListener("abort", () => {
                reasons.push(signal.reason);
                reject(signal.reason);
              });
            }),
        ),
      ),
    });
    void rejection(call().callRemote(SumOnce, { a: 1, b: 2 }, { timeout: 200 }));
    await advance(250);
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toBeInstanceOf(CallTimeout);
  });
});

describe("large values", () => {
  test("a value up to the payload limit of NATS arrives", async () => {
    const { work, call } = network();
    await work();
    const data = new Uint8Array(1_000_000).fill(7);
    const echoed = (await call().callRemote(Echo, { data })).data;
    expect(Buffer.compare(echoed, data)).toBe(0);
  });

  test("a call over the payload limit is rejected before anything is published", async () => {
    const { work, call, nats } = network({ maxPayload: 10_000 });
    await work();
    const sent: string[] = [];
    nats.setFault(({ subject }) => void sent.push(subject));
    const error = await rejection(call().callRemote(Echo, { data: new Uint8Array(10_000) }));
    expect(error).toBeInstanceOf(TooLong);
    expect(error.message).toContain("10000");
    expect(sent).toEqual([]);
  });

  test("an answer over the payload limit reaches onError, and the call is rejected", async () => {
    const { work, call } = network({ maxPayload: 10_000 });
    const errors: unknown[] = [];
    await work({
      locator: locator(Echo.responder(() => ({ data: new Uint8Array(20_000) }))),
      onError: (error) => errors.push(error),
    });
    const error = await rejection(call().callRemote(Echo, { data: new Uint8Array(1) }));
    expect(error).toBeInstanceOf(UnknownRemoteError);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ code: "BAD_LOCAL_RETURN" });
  });

  test("a declared error over the payload limit reaches onError, and the call is rejected at once", async () => {
    const { work, call } = network({ maxPayload: 2_000 });
    const errors: unknown[] = [];
    const missing = locator(
      Get.responder(({ key }) => {
        throw new NoSuchKey("no such key", { key: key.repeat(3_000) });
      }),
    );
    await work({ locator: missing, onError: (error) => void errors.push(error) });
    const error = await rejection(call().callRemote(Get, { key: "x" }));
    expect(error).toBeInstanceOf(UnknownRemoteError);
    expect(errors).toEqual([expect.any(BadLocalReturn)]);
  });

  test("an ask over maxBoxBytes of the worker is not executed", async () => {
    const { work, call } = network();
    await work({ limits: { maxBoxBytes: 1_000 } });
    const error = await rejection(call().callRemote(Echo, { data: new Uint8Array(2_000) }));
    expect(error).toMatchObject({ code: "MALFORMED_BOX" });
  });
});

describe("encryption", () => {
  test("a command with requireTLS is called and served over a connection to this machine", async () => {
    const { work, call } = network();
    await work({ locator: locator(Secret.responder(() => ({ text: "s" }))) });
    expect(await call().callRemote(Secret)).toEqual({ text: "s" });
  });

  test("a command with requireTLS is not called over a plaintext connection to another machine", async () => {
    const { nats, work, clock } = network();
    await work({ locator: locator(Secret.responder(() => ({ text: "s" }))) });
    const far = nats.connect({ server: "nats.example:4222" });
    const plain = caller(far, { service: "calc", clock });
    expect(await rejection(plain.callRemote(Secret))).toBeInstanceOf(TLSRequired);
    const trusting = caller(far, { service: "calc", clock, trustNetwork: true });
    expect(await trusting.callRemote(Secret)).toEqual({ text: "s" });
    const secure = caller(nats.connect({ server: "nats.example:4222", tls: true }), {
      service: "calc",
      clock,
    });
    expect(await secure.callRemote(Secret)).toEqual({ text: "s" });
  });

  test("a command with requireTLS is not served over a plaintext connection to another machine", async () => {
    const { nats, call, clock } = network();
    const far = nats.connect({ server: "10.0.0.1:4222" });
    await serve(far, { service: "calc", clock, locator: locator(Secret.responder(() => ({ text: "s" }))) });
    expect(await rejection(call().callRemote(Secret))).toBeInstanceOf(TLSRequired);
  });

  test("a command that changes the protocol is neither called nor served", async () => {
    const { nats, call, clock } = network();
    expect(await rejection(call().callRemote(StartTLS))).toBeInstanceOf(TLSNotAvailable);
    const serving = serve(nats, { service: "calc", clock, locator: locator(StartTLS.responder(() => ({}))) });
    expect(await rejection(serving)).toBeInstanceOf(InvalidSignature);
  });
});

describe("options", () => {
  test("an unknown option is rejected with a similar name", async () => {
    const { nats } = network();
    // @ts-expect-error a misspelt option
    expect(() => caller(nats, { service: "calc", patiense: 1 })).toThrow(/did you mean "patience"/);
    // @ts-expect-error a misspelt option
    await expect(serve(nats, { service: "calc", locator: calculator(), maxAsks: 1 })).rejects.toThrow(
      /maxAsks/,
    );
  });

  test.each(["", "a.b", "a b", "*", ">", undefined])("the service name %j is rejected", (service) => {
    const { nats } = network();
    expect(() => caller(nats, { service: service as string })).toThrow(InvalidSignature);
  });

  test.each([
    { patience: -1 },
    { maxAttempts: 0 },
    { silence: 0 },
    { callTimeout: Number.NaN },
    { queue: { maxCalls: -1 } },
  ])("the options %j of a caller are rejected", (options) => {
    const { nats } = network();
    expect(() => caller(nats, { service: "calc", ...options })).toThrow(RangeError);
  });

  test.each([{ trustNetwork: "false" }, { onError: 1 }, { traceparent: "00-1" }, { limits: 5 }])(
    "the options %j have the wrong type, and are rejected",
    async (wrong) => {
      const { nats } = network();
      const options = { service: "calc", locator: calculator(), ...wrong } as never; // a JavaScript program may pass anything
      const begin = "onError" in wrong ? serve : caller;
      const { locator: _, ...calling } = { locator: undefined, ...(options as object) };
      const start = async () => (begin === serve ? serve(nats, options) : caller(nats, calling as never));
      expect(await rejection(start())).toBeInstanceOf(TypeError);
    },
  );

  test("missing options are explained", async () => {
    const { nats } = network();
    for (const start of [caller, serve, edge, topic, subscribe]) {
      // A JavaScript program may omit the options.
      const begin = async () => (start as (connection: object) => unknown)(nats);
      expect((await rejection(begin())).message).toContain("the option service");
    }
  });

  test("an object other than a NATS connection is rejected", async () => {
    // @ts-expect-error not a connection
    expect(() => caller({}, { service: "calc" })).toThrow(InvalidSignature);
    // @ts-expect-error not a connection
    await expect(serve(undefined, { service: "calc", locator: calculator() })).rejects.toThrow(
      InvalidSignature,
    );
  });

  test.each(["flush", "status", "isClosed", "isDraining", "getServer"])(
    "a connection without %s is rejected, and not with an unhandled error later",
    async (method) => {
      const { nats } = network();
      const incomplete = Object.create(nats, { [method]: { value: undefined } });
      expect(() => caller(incomplete, { service: "calc" })).toThrow("must be a NATS connection");
    },
  );

  test("a connection whose status cannot be read is reported, and takes no calls", async () => {
    const { nats, clock, advance } = network();
    const { warnings, stop } = collectWarnings();
    onTestFinished(stop);
    const broken = nats.connect();
    broken.status = () => {
      throw new Error("no status");
    };
    const calc = caller(broken, { service: "calc", clock, patience: 0 });
    await flushPending();
    const failed = rejection(calc.callRemote(SumOnce, { a: 1, b: 2 }));
    await advance(50);
    expect(await failed).toBeInstanceOf(NoResponders);
    expect(warnings()[0]?.message).toContain("no status");
  });
});
