/** A proxy relays StartTLS between ampwire and Twisted peers, asked by either end. */
import { setTimeout as delay } from "node:timers/promises";
import { connect, type ListenOptions } from "ampwire/node";
import { describe, expect, onTestFinished, test } from "vitest";
import { testCertificates } from "../support/certificates.ts";
import * as commands from "../support/commands.ts";
import { ourClient, ourServer, rawClient, rawServer } from "../support/loopback.ts";
import { bytesOf, RawPeer, STLS } from "../support/raw-peer.ts";
import { peerLocator, refusingTLS } from "../support/responders.ts";
import { describeWithTwisted, twistedRun, twistedServer } from "../support/twisted.ts";
import { quietly, watchedProxy } from "./proxy-support.ts";

const HOST = "127.0.0.1";
const known = await testCertificates();

/** Returns the traffic before TLS, and expects that every later box is inside TLS. */
function plaintextOf(summary: readonly string[]): readonly string[] {
  const secured = summary.indexOf("secured");
  const boxes = summary.slice(secured).filter((one) => /asks|answers|errors/.test(one));
  expect(boxes.length).toBeGreaterThan(0);
  expect(boxes.filter((one) => !one.endsWith(" in TLS"))).toEqual([]);
  return summary.slice(1, secured);
}

describe("StartTLS through a proxy", () => {
  async function throughProxy(
    server: Partial<ListenOptions> = {},
    options: Parameters<typeof watchedProxy>[1] = {},
  ) {
    const { port, next } = await ourServer({ locator: peerLocator(), ...server });
    const watched = await watchedProxy({ host: HOST, port }, options);
    return { watched, next };
  }

  test("StartTLS through a proxy works if the client asks for it and sends calls right after it", async () => {
    const { watched } = await throughProxy();
    const client = await ourClient(watched.port, { locator: peerLocator() });
    const started = client.startTLS();
    const sum = client.callRemote(commands.Sum, { a: 13n, b: 81n });
    await started;
    expect(await sum).toEqual({ total: 94n });
    expect(await client.callRemote(commands.WhoAmI, {})).toMatchObject({ secure: true });
    expect(await client.callRemote(commands.CallBack, { n: 3n })).toEqual({ total: 6n });
    await client.close();
    await watched.until(({ kind }) => kind === "closed");
    expect(plaintextOf(watched.summary())).toEqual(["client asks StartTLS", "server answers StartTLS"]);
    expect(watched.summary().slice(-3)).toEqual(["client ended", "server ended", "closed"]);
  });

  test("StartTLS through a proxy is followed by megabytes in both directions at once", async () => {
    const { watched } = await throughProxy();
    const client = await ourClient(watched.port);
    await client.startTLS();
    const value = new Uint8Array(60_000).map((_, index) => index % 251);
    const echoes = Array.from({ length: 100 }, () => client.callRemote(commands.EchoString, { value }));
    for (const echo of await Promise.all(echoes)) expect(Buffer.compare(echo.value, value)).toBe(0);
  });

  test("StartTLS through a proxy works if the server asks for it", async () => {
    const { watched, next } = await throughProxy();
    const [client, server] = await Promise.all([ourClient(watched.port, { locator: peerLocator() }), next()]);
    await server.startTLS();
    expect(await server.callRemote(commands.Sum, { a: 1n, b: 2n })).toEqual({ total: 3n });
    expect(await client.callRemote(commands.Sum, { a: 1n, b: 2n })).toEqual({ total: 3n });
    expect(plaintextOf(watched.summary())).toEqual(["server asks StartTLS", "client answers StartTLS"]);
  });

  test("StartTLS through a proxy is detected under another name that the schema lacks", async () => {
    const { watched } = await throughProxy();
    const client = await ourClient(watched.port);
    await client.callRemote(commands.SecureStart, { token: commands.GOOD_TOKEN });
    expect(await client.callRemote(commands.Sum, { a: 1n, b: 2n })).toEqual({ total: 3n });
    expect(plaintextOf(watched.summary())).toEqual(["client asks SecureStart", "server answers SecureStart"]);
  });

  test("StartTLS through a proxy works under another name that the schema contains", async () => {
    const schema = new Map([[commands.SecureStart.name, commands.SecureStart]]);
    const { watched } = await throughProxy({}, { commands: schema });
    const client = await ourClient(watched.port);
    await client.callRemote(commands.SecureStart, { token: commands.GOOD_TOKEN });
    expect(await client.callRemote(commands.Sum, { a: 1n, b: 2n })).toEqual({ total: 3n });
  });

  test("StartTLS through a proxy closes both connections if the server does not trust the proxy", async () => {
    const tls = { localCertificate: known.server, verifyAuthorities: [known.authority] };
    const { watched } = await throughProxy({ tls }, { tls: { certificate: known.selfSigned } });
    const client = await ourClient(watched.port);
    const talk = client.startTLS().then(() => client.callRemote(commands.Sum, { a: 1n, b: 2n }));
    await expect(talk).rejects.toThrow();
    await watched.until(({ kind }) => kind === "closed");
  });

  test("StartTLS through a proxy fails if the proxy verifies the server and does not trust its CA", async () => {
    const { watched } = await throughProxy(
      { tls: { localCertificate: known.impostorServer } },
      { tls: { authorities: [known.authority] } },
    );
    const client = await ourClient(watched.port);
    const started = client.startTLS().then(() => client.callRemote(commands.Sum, { a: 1n, b: 2n }));
    await expect(started).rejects.toThrow();
    const closed = await watched.until(({ kind }) => kind === "closed");
    expect(closed).toMatchObject({ reason: { name: "PeerVerifyError" } });
  });

  test("StartTLS through a proxy presents the certificate of the proxy to both ends with mutual TLS", async () => {
    const proxyCertificate = known.selfSigned;
    const { watched } = await throughProxy(
      { tls: { localCertificate: known.server, verifyAuthorities: [proxyCertificate] } },
      { tls: { certificate: proxyCertificate, authorities: [known.authority], verifyClient: true } },
    );
    const client = await ourClient(watched.port, {
      tls: {
        localCertificate: known.client,
        verifyAuthorities: [proxyCertificate],
        serverName: "calc.example",
      },
    });
    await client.startTLS();
    expect(await client.callRemote(commands.WhoAmI, {})).toMatchObject({ peerCommonName: "self-signed" });
    expect(await watched.until(({ kind }) => kind === "secured")).toMatchObject({
      client: { certificate: expect.stringContaining("CN=client") },
      server: { certificate: expect.stringContaining("CN=calc.example") },
    });
  });

  test("StartTLS through a proxy leaves AMP running if the server refuses it", async () => {
    const { watched } = await throughProxy({ locator: refusingTLS() });
    const client = await rawClient(watched.port);
    const near = new RawPeer(client);
    near.send(STLS);
    expect(await near.box()).toMatchObject({ _error: "1", _error_code: "TLS_ERROR" });
    near.send({ _ask: "2", _command: "Nope" });
    expect(await near.box()).toMatchObject({ _error: "2", _error_code: "UNHANDLED" });
    expect(watched.summary().slice(1)).toEqual([
      "client asks StartTLS",
      "server errors StartTLS",
      "client asks Nope",
      "server errors Nope",
    ]);
  });

  test("StartTLS through a proxy closes both connections at once if the proxy stops between the two handshakes", async () => {
    const upstream = await rawServer();
    const watched = await watchedProxy({ host: HOST, port: upstream.port });
    const [client, far] = await Promise.all([
      ourClient(watched.port),
      upstream.next().then((socket) => new RawPeer(socket)),
    ]);
    const started = client.startTLS();
    await far.box();
    far.send({ _answer: "1" }); // and never begins the handshake
    await started;
    await delay(100); // the proxy completes this handshake after the client does
    const since = performance.now();
    await watched.proxy.close();
    expect(watched.summary().at(-1)).toBe("closed");
    expect(performance.now() - since).toBeLessThan(5_000);
    await client.closed;
  });

  test("StartTLS through a proxy closes both connections if a peer does not read the bytes before TLS in time", async () => {
    const upstream = await rawServer();
    const watched = await watchedProxy(
      { host: HOST, port: upstream.port },
      { tls: { handshakeTimeout: 200 } },
    );
    const [client, server] = await Promise.all([rawClient(watched.port), upstream.next()]);
    const near = new RawPeer(client);
    near.send(STLS);
    for (let count = 0; count < 200; count++) near.send({ _command: "Put", data: "x".repeat(60_000) });
    await quietly(watched); // the proxy has more bytes than it can write
    server.write(bytesOf({ _answer: "1" })); // and does not read
    expect(await watched.until(({ kind }) => kind === "closed")).toMatchObject({
      reason: { message: expect.stringMatching(/^the peer did not read the \d+ bytes before TLS in time$/) },
    });
  });

  test("StartTLS through a proxy ends the connection if boxes follow the answer in the same segment, without parsing them", async () => {
    const upstream = await rawServer();
    const watched = await watchedProxy({ host: HOST, port: upstream.port });
    const [client, server] = await Promise.all([rawClient(watched.port), upstream.next()]);
    const near = new RawPeer(client);
    const far = new RawPeer(server);
    near.send(STLS);
    await far.box();
    far.send({ _answer: "1" }, { _ask: "9", _command: "Injected" });
    expect(await watched.until(({ kind }) => kind === "closed")).toMatchObject({
      reason: { name: "PlaintextAfterStartTLS" },
    });
    expect(await near.box()).toEqual({ _answer: "1" });
    expect(await near.box()).toBeUndefined();
    expect(watched.summary().join()).not.toContain("Injected");
  });
});

describeWithTwisted("StartTLS through a proxy with Twisted", () => {
  test.each(["calls", "errors", "notify", "switch", "starttls", "secure-start"] as const)(
    "works for the Twisted client scenario %s",
    async (scenario) => {
      const { port } = await ourServer({ locator: peerLocator() });
      const watched = await watchedProxy({ host: HOST, port });
      const run = await twistedRun(scenario, { host: HOST, port: watched.port });
      expect([run.outcome, run.failures]).toEqual(["ok", []]);
      await watched.until(({ kind }) => kind === "closed");
    },
  );

  test.each([{}, { helloDelay: 50 }])(
    "works if the server asks a Twisted client that requested it: %o",
    async (options) => {
      const { port } = await ourServer({ locator: peerLocator() });
      const watched = await watchedProxy({ host: HOST, port });
      const run = await twistedRun(
        "be-asked-for-tls",
        { host: HOST, port: watched.port },
        {
          ...options,
          request: true,
        },
      );
      expect(run.failures).toEqual([]);
      expect(watched.summary()).toContain("secured");
    },
  );

  test("StartTLS through a proxy works if the ampwire client asks a Twisted server", async () => {
    await using server = await twistedServer();
    const watched = await watchedProxy(server.address);
    const client = await connect({ host: HOST, port: watched.port, locator: peerLocator() });
    onTestFinished(() => client.destroy());
    await client.startTLS();
    expect(await client.callRemote(commands.Sum, { a: 13n, b: 81n })).toEqual({ total: 94n });
    expect(await client.callRemote(commands.CallBack, { n: 3n })).toEqual({ total: 6n });
    await client.close();
  });

  test("StartTLS through a proxy works if a Twisted server asks the ampwire client", async () => {
    await using server = await twistedServer({ certificate: known.server });
    const watched = await watchedProxy(server.address);
    const client = await connect({ host: HOST, port: watched.port, locator: peerLocator() });
    onTestFinished(() => client.destroy());
    await client.callRemote(commands.StartTLSNow, {});
    while (!client.secure) await delay(5);
    expect(await client.callRemote(commands.WaitSecure, {})).toEqual({ secure: true, error: "" });
    expect(watched.summary()).toContain("server asks StartTLS");
    await client.close();
  });

  test("StartTLS through a proxy works between two Twisted processes", async () => {
    await using server = await twistedServer();
    const watched = await watchedProxy(server.address);
    const run = await twistedRun("starttls", { host: HOST, port: watched.port });
    expect([run.outcome, run.failures]).toEqual(["ok", []]);
  });
});
