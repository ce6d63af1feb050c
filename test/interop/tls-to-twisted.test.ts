/** StartTLS between ampwire's client and Twisted's server, asked by either end. */
import {
  HandshakeError,
  OnlyOneTLS,
  PeerRefusedCertificate,
  PeerVerifyError,
  StartTLS,
  StartTLSRefused,
} from "ampwire";
import { connect, type NodeConnection, type TLSOptions } from "ampwire/node";
import { afterAll, describe, expect, it } from "vitest";
import { testCertificates } from "../support/certificates.ts";
import * as commands from "../support/commands.ts";
import { peerLocator } from "../support/responders.ts";
import { causeOf } from "../support/settled.ts";
import { ourTLS, type TLSCase, tlsCases } from "../support/tls-cases.ts";
import { scratchPath, type TLSSide } from "../support/tls-side.ts";
import {
  describeWithTwisted,
  type ServerOptions,
  type TwistedServer,
  twistedServer,
} from "../support/twisted.ts";

const known = await testCertificates();

describeWithTwisted("StartTLS with a Twisted server", () => {
  const servers = new Map<string, Promise<TwistedServer>>();
  const connections: NodeConnection[] = [];

  afterAll(async () => {
    for (const connection of connections) connection.destroy();
    await Promise.all([...servers.values()].map(async (server) => (await server)[Symbol.asyncDispose]()));
  });

  /** Returns one server for all tests with the same options. */
  function serverFor(options: ServerOptions): Promise<TwistedServer> {
    const { certificate, authorities, ...rest } = options;
    const key = JSON.stringify([certificate?.fingerprint, authorities?.length, rest]);
    const server = servers.get(key) ?? twistedServer(options);
    servers.set(key, server);
    return server;
  }

  async function open(server: ServerOptions, tls: TLSOptions = {}): Promise<NodeConnection> {
    const { address } = await serverFor(server);
    const connection = await connect({ ...address, locator: peerLocator(), tls });
    connections.push(connection);
    return connection;
  }

  const cases = tlsCases(known);

  describe("asked by this end", () => {
    it.each(cases)(
      "StartTLS asked by this end has the expected outcome on a connection to a Twisted server: $name",
      async (expected) => {
        const { client, server, version } = expected;
        const connection = await open(server, ourTLS(client, version));
        const upgrade = connection.startTLS();
        const held = sums(connection);
        await finished(connection, expected, upgrade, held);
      },
    );
  });

  describe("asked by Twisted", () => {
    it.each(cases)(
      "StartTLS asked by Twisted has the expected outcome on a connection to a Twisted server: $name",
      async (expected) => {
        const { client, server, version } = expected;
        const connection = await open(server, ourTLS(client, version));
        await connection.callRemote(commands.StartTLSNow);
        const upgrade = connection.callRemote(commands.WaitSecure).then((answer) => {
          expect(answer).toEqual({ secure: true, error: "" });
        });
        const held = sums(connection);
        await finished(connection, expected, upgrade, held);
      },
    );

    it("the handshake fails if Twisted asks and ampwire's end, the TLS server, has no certificate", async () => {
      const connection = await open({});
      await connection.callRemote(commands.StartTLSNow);
      const reason = await connection.closed;
      expect(reason).toBeInstanceOf(HandshakeError);
      expect(reason.message).toMatch(/handshake failure/);
    });
  });

  it("either end asks for StartTLS over a UNIX socket", async () => {
    const server = {
      certificate: known.server,
      authorities: [known.authority],
      path: scratchPath("tls.socket"),
    };
    for (const ask of [
      (connection: NodeConnection) => connection.startTLS(),
      (connection: NodeConnection) => connection.callRemote(commands.StartTLSNow),
    ]) {
      const connection = await open(
        server,
        ourTLS({ certificate: known.client, authorities: [known.authority] }),
      );
      await ask(connection);
      expect(await connection.callRemote(commands.WaitSecure)).toEqual({ secure: true, error: "" });
      expect((await connection.callRemote(commands.WhoAmI)).peerCommonName).toBe("client");
      expect(connection.peerCertificate?.commonName).toBe("calc.example");
    }
  });

  it("StartTLS succeeds with a temporary server certificate if none is verified", async () => {
    const connection = await open({});
    await connection.callRemote(StartTLS);
    expect(await connection.callRemote(commands.WhoAmI)).toMatchObject({ secure: true, peerCommonName: "" });
    expect(connection.peerCertificate).toBeDefined();
    expect(connection.tls?.verified).toBe(false);
  });

  it("certificates given to a call of StartTLS override those of the connection", async () => {
    const connection = await open(
      { certificate: known.server, authorities: [known.authority] },
      ourTLS({ certificate: known.otherClient, authorities: [known.otherAuthority] }),
    );
    await connection.callRemote(StartTLS, {
      tls_localCertificate: known.client,
      tls_verifyAuthorities: [known.authority],
    });
    expect((await connection.callRemote(commands.WhoAmI)).peerCommonName).toBe("client");
    expect(connection.hostCertificate?.commonName).toBe("client");
    expect(connection.tls?.verified).toBe(true);
  });

  it("StartTLS verifies the host name", async () => {
    const server = { certificate: known.server };
    const verifyAuthorities = [known.authority];
    for (const serverName of ["calc.example", "127.0.0.1"]) {
      const connection = await open(server);
      await connection.startTLS({ verifyAuthorities, serverName });
      expect(connection.secure).toBe(true);
    }
    const connection = await open(server);
    const upgrade = connection.startTLS({ verifyAuthorities, serverName: "other.example" });
    await expect(upgrade).rejects.toBeInstanceOf(PeerVerifyError);
    await expect(upgrade).rejects.toThrow(/it is not for other\.example but for .*calc\.example/);
  });

  it("calls in progress in both directions are answered inside TLS", async () => {
    const connection = await open({});
    const slow = connection.callRemote(commands.Slow, { milliseconds: 100 });
    const back = connection.callRemote(commands.CallBack, { n: 20n });
    await connection.startTLS();
    expect(connection.secure).toBe(true);
    expect(await back).toEqual({ total: 20n * 19n });
    expect(await slow).toEqual({});
  });

  it("a second StartTLS is refused in both directions, and the connection stays open", async () => {
    const connection = await open({});
    await connection.startTLS();
    await expect(connection.startTLS()).rejects.toBeInstanceOf(OnlyOneTLS);
    const ask = { command: Buffer.from("StartTLS"), fields: [] };
    const answer = await connection.callRemote(commands.AskMe, ask);
    expect(Buffer.from(answer.code).toString()).toBe("TLS_ERROR");
    expect(await connection.callRemote(commands.Sum, { a: 1n, b: 2n })).toEqual({ total: 3n });
  });

  it.each(["1.0", "1.1"])("StartTLS with TLS %s at most fails", async (newest) => {
    const connection = await open({ certificate: known.server, newest });
    const upgrade = connection.startTLS();
    await expect(upgrade).rejects.toBeInstanceOf(HandshakeError);
    await expect(upgrade).rejects.toThrow(/version/);
  });

  describe("an extension of StartTLS", () => {
    it("an extension of StartTLS with an argument upgrades the connection", async () => {
      const connection = await open(
        { certificate: known.server },
        ourTLS({ authorities: [known.authority] }),
      );
      const upgrade = connection.callRemote(commands.SecureStart, { token: commands.GOOD_TOKEN });
      await finished(
        connection,
        { client: {}, server: { certificate: known.server } },
        upgrade,
        sums(connection),
      );
    });

    it("an extension of StartTLS is refused with its own error, and queued calls are never sent", async () => {
      const connection = await open({});
      const upgrade = connection.callRemote(commands.SecureStart, { token: "wrong" });
      const held = Promise.allSettled(sums(connection));
      await expect(upgrade).rejects.toThrow(new commands.BadTokenError("not a good token: wrong"));
      await expect(upgrade).rejects.toBeInstanceOf(commands.BadTokenError);
      await refused(connection, held);
    });
  });

  it("calls queued during a StartTLS that Twisted refuses are never sent", async () => {
    const connection = await open({ refuse: true });
    const upgrade = connection.startTLS();
    const held = Promise.allSettled(sums(connection));
    await expect(upgrade).rejects.toThrow("TLS is refused here");
    await expect(upgrade).rejects.toBeInstanceOf(OnlyOneTLS); // the class that StartTLS declares for TLS_ERROR
    await refused(connection, held);
  });
});

function sums(connection: NodeConnection): Promise<object>[] {
  return Array.from({ length: 20 }, (_, i) => connection.callRemote(commands.Sum, { a: BigInt(i), b: 1n }));
}

async function refused(
  connection: NodeConnection,
  held: Promise<PromiseSettledResult<object>[]>,
): Promise<void> {
  const reason = await connection.closed;
  expect(reason).toBeInstanceOf(StartTLSRefused);
  expect(await held).toMatchObject(Array(20).fill({ status: "rejected", reason: { cause: reason } }));
  expect(connection.secure).toBe(false);
}

/** Checks the outcome of an upgrade, and that of the calls queued during it. */
async function finished(
  connection: NodeConnection,
  { client, server, refusedBy, reason, version }: Omit<TLSCase, "name">,
  upgrade: Promise<unknown>,
  held: readonly Promise<object>[],
): Promise<void> {
  const outcomes = Promise.allSettled(held);
  if (refusedBy === undefined) {
    await upgrade;
    expect(await outcomes).toEqual(
      held.map((_, i) => ({ status: "fulfilled", value: { total: BigInt(i + 1) } })),
    );
    return established(connection, client, server, version);
  }
  const upgraded = upgrade.then(
    () => undefined,
    (error: unknown) => error,
  );
  const closed = await connection.closed;
  expect(closed).toBeInstanceOf(refusedBy === "client" ? PeerVerifyError : PeerRefusedCertificate);
  if (refusedBy === "client") expect(closed.message).toMatch(reason ?? /./);
  // A TLS 1.3 client finishes its handshake before the server verifies its certificate.
  const mayFinish = refusedBy === "server" && version === "TLSv1.3";
  // An upgrade that the peer asked for rejects a call, whose error has the reason as its cause.
  const failure = await upgraded;
  const rejected = failure === undefined || failure === closed ? failure : causeOf(failure);
  expect([closed, mayFinish ? undefined : closed]).toContain(rejected);
  expect(await outcomes).toMatchObject(held.map(() => ({ status: "rejected", reason: { cause: closed } })));
}

async function established(
  connection: NodeConnection,
  client: TLSSide,
  server: TLSSide,
  version = "TLSv1.3",
): Promise<void> {
  expect(connection.secure).toBe(true);
  expect(connection.tls?.protocol).toBe(version);
  expect(connection.peerCertificate?.fingerprint).toBe(server.certificate?.fingerprint);
  expect(connection.hostCertificate).toBe(client.certificate);
  expect(await connection.callRemote(commands.WhoAmI)).toEqual({
    peerCommonName: client.certificate?.commonName ?? "",
    secure: true,
    tlsVersion: version,
  });
}
