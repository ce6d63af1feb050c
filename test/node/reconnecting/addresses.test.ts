/** `reconnecting` with several addresses. */
import { ConnectFailed, command, integer, locator, PeerVerifyError, TLSRequired } from "ampwire";
import {
  connect,
  type ListenOptions,
  listen,
  type NodeConnection,
  type ReconnectingOptions,
  reconnecting,
  type Server,
  type ServerAddress,
} from "ampwire/node";
import { describe, expect, it, onTestFinished } from "vitest";
import { checkServers } from "../../../src/node/reconnecting/addresses.ts";
import { testCertificates } from "../../support/certificates.ts";
import { breakAll } from "../../support/reconnecting/carrier.ts";
import { Add, add } from "../../support/reconnecting/commands.ts";
import { kept } from "../../support/reconnecting/kept.ts";
import { ended, rejection } from "../../support/settled.ts";
import { unixPlace } from "../../support/unix-place.ts";

const Which = command("Which", { response: { number: integer() } });

interface Place {
  readonly path: string;
  readonly server: Server;
}

/** Starts a server that answers Which with its number. */
async function serve(number: number, options: ListenOptions = {}): Promise<Place> {
  const path = unixPlace();
  const which = Which.responder(() => ({ number }));
  const server = await listen({ locator: locator(add, which), ...options, path });
  onTestFinished(() => server.destroy());
  return { path, server };
}

/** Keeps the order of the addresses. */
const backoff = { initial: 100, jitter: () => 1 };

function keep(options: ReconnectingOptions) {
  const used: (ServerAddress | undefined)[] = [];
  const client = kept<NodeConnection, ServerAddress>(
    (behaviour) => reconnecting({ ...options, ...behaviour }),
    {
      ...options,
      backoff,
      onConnection: (_, { address }) => void used.push(address),
    },
  );
  /** Breaks the connection, and waits for the next one. */
  const replace = async (...places: readonly Place[]) => {
    const waiting = client.become("waiting");
    for (const { server } of places) breakAll(server);
    const { delay = 0 } = await waiting;
    const connected = client.become("connected");
    client.clock.advance(delay);
    await connected;
  };
  return { ...client, used, replace };
}

it("an address without a server is skipped in the same attempt, and onConnection gets the address used", async () => {
  const place = await serve(1);
  const addresses = [{ path: unixPlace() }, { path: place.path }];
  const { client, changes, used } = keep({ addresses });
  expect(await client.callRemote(Which)).toEqual({ number: 1 });
  expect(changes.map(({ state }) => state)).toEqual(["connecting", "connected"]);
  expect(used).toEqual([addresses[1]]);
  expect(used[0]).toBe(addresses[1]);
});

it("servers are used in turn, and one that has failed later", async () => {
  const places = [await serve(0), await serve(1), await serve(2)];
  const dead = { path: unixPlace() };
  const { client, used, replace } = keep({
    addresses: [dead, ...places.map(({ path }) => ({ path }))],
  });
  const numbers: unknown[] = [];
  for (let round = 0; round < 5; round++) {
    numbers.push((await client.callRemote(Which)).number);
    await replace(...places);
  }
  expect(numbers).toEqual([0, 1, 2, 0, 1]);
  expect(used).not.toContain(dead);
});

it("an attempt fails when every address has failed, and names the reasons", async () => {
  const addresses = [{ path: unixPlace() }, { path: unixPlace() }];
  const { client, clock, become, changes } = keep({ addresses });
  const { error, delay } = await become("waiting");
  expect(delay).toBe(100);
  expect(error).toBeInstanceOf(ConnectFailed);
  for (const { path } of addresses) expect(error?.message).toContain(path);
  expect(error?.message).toContain("none of the 2 addresses could be connected");
  const again = become("waiting");
  clock.advance(100);
  await again;
  expect(changes.map(({ state }) => state)).toEqual(["connecting", "waiting", "connecting", "waiting"]);
  expect(client.lastError).toBeInstanceOf(ConnectFailed);
});

it("queued calls reach whichever server can be connected, and idempotent ones the next one", async () => {
  const [first, second] = [await serve(1), await serve(2)];
  const { client, replace } = keep({ addresses: [{ path: first.path }, { path: second.path }] });
  expect(await client.callRemote(Which)).toEqual({ number: 1 });
  first.server.destroy();
  await replace();
  expect(await client.callRemote(Which)).toEqual({ number: 2 });
});

it("an address that does not answer is left after 10 seconds, or after connectTimeout", async () => {
  const { path } = await serve(1);
  for (const connectTimeout of [undefined, 500]) {
    const looked: string[] = [];
    const lookup = (name: string) => void looked.push(name); // never answers
    const { client, clock } = keep({
      addresses: [{ host: "silent.example", port: 1 }, { path }],
      lookup,
      connectTimeout,
    });
    const call = client.callRemote(Which);
    await expect.poll(() => looked).toEqual(["silent.example"]);
    clock.advance((connectTimeout ?? 10_000) - 1);
    expect(client.state).toBe("connecting");
    clock.advance(1);
    expect(await call).toEqual({ number: 1 });
  }
});

it("destroy() during an attempt tries no further address", async () => {
  const { path, server } = await serve(1);
  let looked = 0;
  const { client } = keep({
    addresses: [{ host: "silent.example", port: 1 }, { path }],
    lookup: () => {
      looked++;
      client.destroy();
    },
  });
  await ended(client);
  expect(looked).toBe(1);
  await new Promise(setImmediate);
  expect(server.connections.size).toBe(0);
});

it("a server that refuses StartTLS is followed by the next one", async () => {
  const [plain, secure] = [await serve(1, { tls: false }), await serve(2)];
  const { client, clock, become } = keep({
    addresses: [{ path: plain.path }, { path: secure.path }],
    startTLS: {},
  });
  const call = client.callRemote(Which);
  clock.advance((await become("waiting")).delay ?? 0);
  expect(await call).toEqual({ number: 2 });
  expect(client.connection?.secure).toBe(true);
});

describe("serverName of an address", () => {
  it.each(["startTLS", "implicitTLS"])("the serverName of an address is verified with %s", async (way) => {
    const { authority, server: localCertificate } = await testCertificates();
    const options = { tls: { localCertificate }, implicitTLS: way === "implicitTLS" };
    const [wrong, right] = [await serve(1, options), await serve(2, options)];
    const tls = { verifyAuthorities: [authority] };
    const { client, clock, become, used } = keep({
      addresses: [
        { path: wrong.path, serverName: "other.example" },
        { path: right.path, serverName: "calc.example" },
      ],
      ...(way === "startTLS" ? { startTLS: tls } : { tls, implicitTLS: true }),
    });
    const call = client.callRemote(Which);
    if (way === "startTLS") {
      const { error, delay } = await become("waiting");
      expect(error).toBeInstanceOf(PeerVerifyError);
      clock.advance(delay ?? 0);
    }
    expect(await call).toEqual({ number: 2 });
    expect(used).toEqual([{ path: right.path, serverName: "calc.example" }]);
  });

  it("the serverName of an address is added to the options that a function returns", async () => {
    const { authority, server: localCertificate } = await testCertificates();
    const place = await serve(1, { tls: { localCertificate }, implicitTLS: true });
    const { become } = keep({
      addresses: [{ path: place.path, serverName: "other.example" }],
      tls: async () => ({ verifyAuthorities: [authority] }),
      implicitTLS: true,
    });
    expect((await become("waiting")).error).toBeInstanceOf(PeerVerifyError);
  });

  it("the serverName of an address is not added to options tls without authorities, if startTLS has them", async () => {
    const { authority, server: localCertificate } = await testCertificates();
    const { path } = await serve(1, { tls: { localCertificate } });
    const { client } = keep({
      addresses: [{ path, serverName: "calc.example" }],
      tls: { minVersion: "TLSv1.3" },
      startTLS: { verifyAuthorities: [authority] },
    });
    expect(await client.callRemote(Which)).toEqual({ number: 1 });
  });

  it("the serverName of an address needs authorities", async () => {
    const addresses = [{ path: unixPlace(), serverName: "calc.example" }];
    for (const options of [{}, { startTLS: {} }, { implicitTLS: true }, { tls: {} }])
      expect(() => reconnecting({ addresses, ...options })).toThrow(/serverName needs verifyAuthorities/);
  });
});

it("onConnection gets the address of a single server, and none if the program opens the connections", async () => {
  const { path } = await serve(1);
  const one = keep({ path });
  await one.client.callRemote(Which);
  expect(one.used).toEqual([{ path }]);
  const own = keep({ open: (signal) => connect({ path, signal }) });
  await own.client.callRemote(Which);
  expect(own.used).toEqual([undefined]);
});

it("options of the connection hold for all addresses", async () => {
  const { path } = await serve(1);
  const { client } = keep({ addresses: [{ path }], requireTLS: true });
  expect(await rejection(client.callRemote(Add, { a: 1, b: 1 }))).toBeInstanceOf(TLSRequired);
});

describe("invalid options", () => {
  const address = { port: 1 };
  it.each<[string, object, RegExp]>([
    ["an empty list", { addresses: [] }, /addresses must be an array with at least one address/],
    ["no list", { addresses: "localhost:1" }, /addresses must be an array/],
    ["text as an address", { addresses: ["localhost:1"] }, /addresses\[0\]: the options must be an object/],
    [
      "an address without a port",
      { addresses: [address, { host: "a" }] },
      /addresses\[1\]: either a port or the path/,
    ],
    ["a port and a path", { addresses: [{ port: 1, path: "/a" }] }, /either a port or the path/],
    [
      "a host and a path",
      { addresses: [{ path: "/a", host: "a" }] },
      /addresses\[0\]: the options path and host exclude each other/,
    ],
    ["a port over 65535", { addresses: [{ port: 70_000 }] }, /addresses\[0\]: port must be .* not 70000/],
    ["port 0", { addresses: [{ port: 0 }] }, /port must be/],
    ["a host that is not text", { addresses: [{ host: 5, port: 1 }] }, /host must be a non-empty text/],
    ["an empty host", { addresses: [{ host: "", port: 1 }] }, /host must be a non-empty text/],
    ["a misspelt field", { addresses: [{ prt: 1 }] }, /unknown option "prt" \(did you mean "port"\?\)/],
    [
      "a misspelt option",
      { adresses: [address] },
      /unknown option "adresses" \(did you mean "addresses"\?\)/,
    ],
    ["addresses and a port", { addresses: [address], port: 1 }, /addresses and port exclude each other/],
    ["addresses and a host", { addresses: [address], host: "a" }, /addresses and host exclude each other/],
    ["addresses and srv", { addresses: [address], srv: "_a._tcp.b" }, /addresses and srv exclude each other/],
    ["an empty service", { srv: "" }, /srv: the name of the service/],
    ["a service without a name", { srv: {} }, /srv: the name of the service/],
    ["a resolver without its function", { srv: { name: "a", resolver: {} } }, /resolveSrv/],
    ["a misspelt field of srv", { srv: { nme: "a" } }, /unknown option "nme"/],
  ])("reconnecting refuses %s", (_, options, message) => {
    // The types forbid these; a program in JavaScript may pass them.
    expect(() => reconnecting(options as ReconnectingOptions)).toThrow(message);
  });

  it.each<[string, object]>([
    ["the highest port", { addresses: [{ port: 65_535 }] }],
    ["the lowest port", { addresses: [{ port: 1 }] }],
    ["a name of a service as text", { srv: "_amp._tcp.example.com" }],
    ["a service without a resolver of the program", { srv: { name: "_amp._tcp.example.com" } }],
    ["addresses and srv that are undefined", { port: 1, addresses: undefined, srv: undefined }],
  ])("the check of the servers accepts %s", (_, options) => {
    expect(() => checkServers(options as ReconnectingOptions)).not.toThrow();
  });

  it("addresses and srv that are undefined count as not set", async () => {
    const { path } = await serve(1);
    const { client } = keep({ path, addresses: undefined, srv: undefined } as never);
    expect(await client.callRemote(Which)).toEqual({ number: 1 });
  });

  it("a path that is too long closes the client, whatever the other addresses are", async () => {
    const { path } = await serve(1);
    const { client } = keep({ addresses: [{ path: `/${"x".repeat(200)}` }, { path }] });
    expect(await ended(client)).toBeInstanceOf(RangeError);
  });
});
