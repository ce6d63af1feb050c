/** `reconnecting` with servers that SRV records name. */
import { Resolver } from "node:dns/promises";
import { ConnectFailed, command, integer, locator } from "ampwire";
import {
  listen,
  type NodeConnection,
  type ReconnectingOptions,
  reconnecting,
  type ServerAddress,
  type ServiceResolver,
} from "ampwire/node";
import { flushPending, manualClock } from "ampwire/testing";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { ServiceRecords } from "../../../src/node/reconnecting/service-records.ts";
import { deferred } from "../../support/deferred.ts";
import { dnsServer, type SrvData } from "../../support/dns-server.ts";
import { kept } from "../../support/reconnecting/kept.ts";
import { rejection } from "../../support/settled.ts";

const NAME = "_amp._tcp.example.com";
const Which = command("Which", { response: { port: integer() } });

type Found = Awaited<ReturnType<ServiceResolver["resolveSrv"]>>;

/** Returns a record of port 1, 2, ... of one host. */
function record(port: number, priority = 0, weight = 0): Found[number] {
  return { name: "host.example", port, priority, weight };
}

function service(answer: () => Found | Promise<Found>, random: () => number = () => 0) {
  const clock = manualClock();
  const resolver = { resolveSrv: async () => answer() };
  const source = new ServiceRecords({ name: NAME, resolver }, random, clock, 10_000);
  const { signal } = new AbortController();
  const ports = async () => (await source.order(signal)).map(({ port }) => port);
  return { clock, ports, signal, source };
}

/** Lehmer's generator: the same numbers in every run. */
function seeded(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const failure = (code: string) => () =>
  Promise.reject(Object.assign(new Error(`querySrv ${code}`), { code }));

describe("invalid records", () => {
  it("records without a usable port or name are left out, and the dot at the end of a name", async () => {
    const odd = [{ port: 0 }, { port: 70_000 }, { port: "x" }, { name: 5 }, { name: "." }, { name: "" }];
    const records = [...odd.map((fields) => ({ ...record(9), ...fields })), record(1), record(2)];
    const { source, signal } = service(
      () => [...records, { ...record(3, 1), name: "host.example." }] as Found,
    );
    const order = await source.order(signal);
    expect(order.map(({ port }) => port).sort()).toEqual([1, 2, 3]);
    expect(order.at(-1)).toEqual({ host: "host.example", port: 3 });
    const { ports } = service(() => [record(0)]);
    expect(await rejection(ports())).toBeInstanceOf(ConnectFailed);
  });

  it("a resolver that throws fails the attempt, and no timer is left", async () => {
    const { clock, ports } = service(() => {
      throw new Error("no resolver");
    });
    const resolver = {
      resolveSrv: () => {
        throw new Error("no resolver");
      },
    };
    const thrown = new ServiceRecords({ name: NAME, resolver }, () => 0, clock, 10_000);
    const { signal } = new AbortController();
    for (const order of [ports(), thrown.order(signal)])
      expect(await rejection(order)).toBeInstanceOf(ConnectFailed);
    await flushPending();
    expect(clock.pending).toBe(0);
  });
});

describe("the order of SRV records", () => {
  it("a lower priority comes first", async () => {
    const { ports } = service(() => [record(1, 20), record(2, 10), record(3, 30), record(4, 10)]);
    const order = await ports();
    expect([...order.slice(0, 2)].sort()).toEqual([2, 4]);
    expect(order.slice(2)).toEqual([1, 3]);
  });

  it("the chance to come first is in proportion to the weight", async () => {
    const { ports } = service(
      () => [record(1, 0, 60), record(2, 0, 30), record(3, 0, 10), record(4, 0, 0)],
      seeded(),
    );
    const counts = [0, 0, 0, 0, 0];
    const seconds = [0, 0, 0, 0, 0];
    for (let round = 0; round < 10_000; round++) {
      const [first = 0, second = 0] = await ports();
      counts[first] = (counts[first] ?? 0) + 1;
      if (first === 1) seconds[second] = (seconds[second] ?? 0) + 1;
    }
    const near = (count: number | undefined, wanted: number) =>
      expect(Math.abs((count ?? 0) - wanted)).toBeLessThan(200);
    near(counts[1], 5_950); // one of 101 numbers chooses the record without a weight
    near(counts[2], 2_970);
    near(counts[3], 990);
    near(counts[4], 99);
    near(seconds[2], 4_400); // 30 of 41
  });

  it.each([0, 0.5, 1, Number.NaN])(
    "records without weights all have a place, with the random number %d",
    async (number) => {
      const { ports } = service(
        () => [record(1), record(2), record(3)],
        () => number,
      );
      expect([...(await ports())].sort()).toEqual([1, 2, 3]);
    },
  );

  it("a record without a weight comes before the others only if the random number is 0", async () => {
    for (const records of [
      [record(1, 0, 60), record(2, 0, 0), record(3, 0, 30)],
      [record(2, 0, 0), record(3, 0, 30), record(1, 0, 60)],
    ]) {
      expect((await service(() => records).ports())[0]).toBe(2);
      const { ports } = service(
        () => records,
        () => 0.1,
      );
      expect((await ports())[0]).not.toBe(2);
    }
  });

  it("the greatest random number chooses the last record", async () => {
    const { ports } = service(
      () => [record(1, 0, 3), record(2, 0, 1)],
      () => 0.99,
    );
    expect(await ports()).toEqual([2, 1]);
  });

  it("servers without weights have equal chances", async () => {
    const { ports } = service(() => [record(1), record(2), record(3)], seeded());
    const counts = [0, 0, 0, 0];
    for (let round = 0; round < 3_000; round++) {
      const [first = 0] = await ports();
      counts[first] = (counts[first] ?? 0) + 1;
    }
    for (const count of counts.slice(1)) expect(Math.abs(count - 1_000)).toBeLessThan(120);
  });

  it("a server that has failed comes last in its priority for a minute, and the last one used too", async () => {
    const { clock, ports, signal, source } = service(() => [
      record(1, 1),
      record(2, 1),
      record(3, 1),
      record(4, 2),
    ]);
    const [first, second, third] = await source.order(signal);
    source.tried(first as ServerAddress);
    source.tried(second as ServerAddress);
    source.succeeded(second as ServerAddress);
    expect(await ports()).toEqual([third?.port, second?.port, first?.port, 4]);
    clock.advance(60_000);
    expect((await ports()).slice(2)).toEqual([second?.port, 4]);
  });

  it("the same server in two records is tried once", async () => {
    const { ports } = service(() => [
      record(1, 0, 1),
      { ...record(1, 0, 2), name: "HOST.example" },
      record(2),
    ]);
    expect([...(await ports())].sort()).toEqual([1, 2]);
  });
});

describe("a look-up", () => {
  it("SRV records are looked up for every attempt", async () => {
    let found = [record(1)];
    const { ports } = service(() => found);
    expect(await ports()).toEqual([1]);
    found = [record(2)];
    expect(await ports()).toEqual([2]);
  });

  it.each(["ESERVFAIL", "ETIMEOUT", "ECONNREFUSED"])(
    "a look-up that fails with %s leaves the last records",
    async (code) => {
      let answer: () => Found | Promise<Found> = failure(code);
      const { ports } = service(() => answer());
      const error = await rejection(ports());
      expect(error).toBeInstanceOf(ConnectFailed);
      expect(error.message).toBe(`cannot look up the SRV records of ${NAME}: querySrv ${code}`);
      expect(error.cause).toMatchObject({ code });
      answer = () => [record(1)];
      expect(await ports()).toEqual([1]);
      answer = failure(code);
      expect(await ports()).toEqual([1]);
    },
  );

  it.each<[string, () => Found | Promise<Found>]>([
    ["no name", failure("ENOTFOUND")],
    ["no records", failure("ENODATA")],
    ["an empty list", () => []],
    ["the target of a service that does not exist", () => [{ ...record(0), name: "." }]],
    ["that target as Node shows it", () => [{ ...record(0), name: "" }]],
  ])("a look-up that finds %s fails, whatever the last one found", async (_, answer) => {
    let next: () => Found | Promise<Found> = () => [record(1)];
    const { ports } = service(() => next());
    expect(await ports()).toEqual([1]);
    next = answer;
    expect(await rejection(ports())).toBeInstanceOf(ConnectFailed);
  });

  it("an empty list of records fails with a reason that names the service", async () => {
    expect((await rejection(service(() => []).ports())).message).toBe(
      `the service ${NAME} has no server, according to its SRV records`,
    );
  });

  it.each([null, "no network", new Error("no network")])("a resolver may reject with %s", async (reason) => {
    let answer: () => Found | Promise<Found> = () => [record(65_535)];
    const { ports } = service(() => answer());
    expect(await ports()).toEqual([65_535]);
    answer = () => Promise.reject(reason);
    expect(await ports()).toEqual([65_535]);
  });

  it.each([true, false])(
    "a look-up that is aborted rejects with the reason; records are known: %s",
    async (known) => {
      const abort = new AbortController();
      const { source } = service(() => (known ? [record(1)] : new Promise(() => {})));
      if (known) await source.order(abort.signal);
      const reason = new Error("the user left");
      const order = rejection(Promise.resolve(source.order(abort.signal)));
      abort.abort(reason);
      expect(await order).toBe(reason);
    },
  );

  it("the DNS servers of the system are asked unless there is a resolver, and a timeout cancels only that look-up", async () => {
    const resolve = vi.spyOn(Resolver.prototype, "resolveSrv").mockResolvedValue([record(1)]);
    const cancel = vi.spyOn(Resolver.prototype, "cancel").mockReturnValue();
    onTestFinished(() => {
      resolve.mockRestore();
      cancel.mockRestore();
    });
    const { signal } = new AbortController();
    const clock = manualClock();
    for (const srv of [NAME, { name: NAME }]) {
      const source = new ServiceRecords(srv, () => 0, clock, 10_000);
      expect(await source.order(signal)).toEqual([{ host: "host.example", port: 1 }]);
      expect(resolve).toHaveBeenLastCalledWith(NAME);
    }
    expect(cancel).not.toHaveBeenCalled();
    resolve.mockReturnValue(new Promise(() => {}));
    const order = rejection(new ServiceRecords(NAME, () => 0, clock, 10_000).order(signal));
    clock.advance(10_000);
    expect(await order).toBeInstanceOf(ConnectFailed);
    expect(cancel).toHaveBeenCalledOnce();
  });

  it("a look-up without an answer ends at its timeout", async () => {
    const { clock, ports } = service(() => new Promise(() => {}));
    const error = rejection(ports());
    clock.advance(10_000);
    expect((await error).message).toContain("no answer within 10000 ms");
    expect(clock.pending).toBe(0);
  });
});

/** Starts a server at a port that the system chooses. It answers Which with the port. */
async function serve() {
  const which = Which.responder((_, { connection }) => {
    const { localAddress } = connection;
    return { port: localAddress instanceof Object ? localAddress.port : 0 };
  });
  const server = await listen({ port: 0, host: "127.0.0.1", locator: locator(which) });
  onTestFinished(() => server.destroy());
  return server;
}

function keep(options: ReconnectingOptions) {
  return kept<NodeConnection, ServerAddress>(
    (behaviour) => reconnecting({ ...options, ...behaviour }),
    options,
  );
}

describe("a client with srv", () => {
  const data = (port: number, priority: number): SrvData => ({
    port,
    priority,
    weight: 1,
    target: "localhost",
  });

  it("a client connects to the servers that a live DNS server names, by priority", async () => {
    const [first, second] = [await serve(), await serve()];
    const ports = [first, second].map((server) => server.address().port) as [number, number];
    const records = new Map([[NAME, [data(ports[1], 20), data(ports[0], 10)]]]);
    const resolver = await dnsServer(records);
    const used: unknown[] = [];
    const { client, clock, become } = keep({
      srv: { name: NAME, resolver },
      onConnection: (_, { address }) => void used.push(address),
    });
    expect(await client.callRemote(Which)).toEqual({ port: ports[0] });
    const waiting = become("waiting");
    await first.destroy();
    clock.advance((await waiting).delay ?? 0);
    expect(await client.callRemote(Which)).toEqual({ port: ports[1] });
    expect(used).toEqual(ports.map((port) => ({ host: "localhost", port })));
  });

  it("a client waits and tries again while there are no SRV records", async () => {
    const server = await serve();
    const records = new Map<string, readonly SrvData[]>();
    const resolver = await dnsServer(records);
    const { client, clock, become } = keep({ srv: { name: NAME, resolver } });
    const call = client.callRemote(Which);
    const { error, delay } = await become("waiting");
    expect(error?.message).toMatch(
      /^cannot look up the SRV records of _amp\._tcp\.example\.com: .*ENOTFOUND/,
    );
    records.set(NAME, [data(server.address().port, 0)]);
    clock.advance(delay ?? 0);
    expect(await call).toEqual({ port: server.address().port });
  });

  it("close() ends a client during a look-up", async () => {
    const begun = deferred();
    const resolveSrv = () => {
      begun.resolve();
      return new Promise<never>(() => {});
    };
    const { client, clock } = keep({ srv: { name: NAME, resolver: { resolveSrv } } });
    await begun.promise;
    expect(clock.pending).toBe(1);
    await client.close();
    expect(clock.pending).toBe(0);
  });
});
