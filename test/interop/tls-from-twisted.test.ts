/** StartTLS between Twisted's client and ampwire's server, asked by either end. */
import { PeerRefusedCertificate, PeerVerifyError, type ResponderLocator, StartTLSRefused } from "ampwire";
import { type ListenOptions, listen, type NodeConnection, type Server } from "ampwire/node";
import { afterEach, describe, expect, it } from "vitest";
import { testCertificates } from "../support/certificates.ts";
import * as commands from "../support/commands.ts";
import { peerLocator, refusingTLS } from "../support/responders.ts";
import { ourTLS, type TLSCase, tlsCases, twistedTLS } from "../support/tls-cases.ts";
import { scratchPath } from "../support/tls-side.ts";
import { addressOf, describeWithTwisted, type Run, twistedRun } from "../support/twisted.ts";

const known = await testCertificates();
const mutual = {
  ours: ourTLS({ certificate: known.server, authorities: [known.authority] }),
  twisted: { certificate: known.client, authorities: [known.authority] },
};

describeWithTwisted("StartTLS with a Twisted client", () => {
  let server: Server;
  /** Connection of the current test. */
  let connection: NodeConnection;
  /** Names of the commands that were asked on it. */
  let asked: string[];

  async function serve(options: ListenOptions): Promise<void> {
    asked = [];
    const inner = options.locator ?? peerLocator();
    const recording: ResponderLocator = {
      locateResponder(name) {
        asked.push(name);
        return inner.locateResponder(name);
      },
    };
    server = await listen({
      ...(options.path === undefined ? { port: 0, host: "127.0.0.1" } : {}),
      ...options,
      locator: recording,
      onConnection(one) {
        connection = one;
        options.onConnection?.(one);
      },
    });
  }

  afterEach(() => server.destroy());

  const cases = tlsCases(known);

  describe("asked by Twisted", () => {
    it.each(cases)(
      "StartTLS asked by Twisted has the expected outcome on a connection of a Twisted client: $name",
      async (expected) => {
        await serve({ tls: ourTLS(expected.server) });
        const run = await twistedRun(
          "starttls",
          addressOf(server),
          twistedTLS(expected.client, expected.version),
        );
        await finished(expected, run);
      },
    );
  });

  describe("asked by this end", () => {
    it.each(cases)(
      "StartTLS asked by this end has the expected outcome on a connection of a Twisted client: $name",
      async (expected) => {
        let upgrade: Promise<unknown> | undefined;
        const held: Promise<unknown>[] = [];
        await serve({
          tls: ourTLS(expected.server),
          onConnection(one) {
            upgrade = one.startTLS().catch((error: unknown) => error);
            held.push(
              one.callRemote(commands.EchoUnicode, { value: "held" }).catch((error: unknown) => error),
            );
          },
        });
        const run = await twistedRun(
          "be-asked-for-tls",
          addressOf(server),
          twistedTLS(expected.client, expected.version),
        );
        await finished(expected, run);
        const reason = expected.refusedBy === undefined ? undefined : await connection.closed;
        expect(await upgrade).toEqual(reason && expect.objectContaining({ cause: reason }));
        expect(await held[0]).toMatchObject(reason === undefined ? { value: "held" } : { cause: reason });
      },
    );

    it.each([
      ["in the segment of its answer", {}],
      ["50 ms after its answer", { helloDelay: 50 }],
    ])(
      "StartTLS that Twisted tells this end to ask succeeds with Twisted's ClientHello %s",
      async (_, options) => {
        await serve({ tls: mutual.ours });
        const run = await twistedRun("be-asked-for-tls", addressOf(server), {
          ...mutual.twisted,
          ...options,
          request: true,
        });
        expect(run.failures).toEqual([]);
        expect(run.steps.get("we as the peer sees us")?.value).toMatchObject({ peerCommonName: "client" });
      },
    );

    it("the temporary certificate of a Twisted client without certificate is rejected", async () => {
      await serve({ tls: mutual.ours, onConnection: (one) => void one.startTLS().catch(() => {}) });
      const run = await twistedRun("be-asked-for-tls", addressOf(server));
      expect(run.outcome).toMatch(/rejected our certificate|alert/);
      const reason = await connection.closed;
      expect(reason).toBeInstanceOf(PeerVerifyError);
      expect(reason.message).toMatch(/it is self-signed/);
    });

    it("calls queued during a StartTLS that the Twisted client refuses are never sent", async () => {
      let upgrade: Promise<void> | undefined;
      let held: Promise<unknown> | undefined;
      await serve({
        onConnection(one) {
          upgrade = one.startTLS();
          held = one.callRemote(commands.Sum, { a: 1n, b: 2n });
          held.catch(() => {});
          upgrade.catch(() => {});
        },
      });
      const run = await twistedRun("be-asked-for-tls", addressOf(server), { refuse: true });
      await expect(upgrade).rejects.toThrow("TLS is refused here");
      const reason = await connection.closed;
      expect(reason).toBeInstanceOf(StartTLSRefused);
      await expect(held).rejects.toHaveProperty("cause", reason);
      expect(run.outcome).toMatch(/^Connection/); // the peer sees only the end of the connection
    });
  });

  it("a Twisted client or ampwire's server asks for StartTLS over a UNIX socket", async () => {
    await serve({ path: scratchPath("ours.socket"), tls: mutual.ours });
    for (const [scenario, request] of [
      ["starttls", false],
      ["be-asked-for-tls", true],
    ] as const) {
      const run = await twistedRun(scenario, addressOf(server), { ...mutual.twisted, request });
      expect(run.failures).toEqual([]);
      expect(connection.peerCertificate?.commonName).toBe("client");
    }
  });

  it("an extension of StartTLS from Twisted is refused with its own error, then succeeds", async () => {
    await serve({ tls: mutual.ours });
    const run = await twistedRun("secure-start", addressOf(server), mutual.twisted);
    expect(run.failures).toEqual([]);
    expect(run.outcome).toBe("ok");
    expect([...run.steps.keys()].slice(0, 2)).toEqual(["bad token", "StartTLS"]);
    expect(run.steps.get("we as the peer sees us")?.value).toMatchObject({ peerCommonName: "client" });
  });

  it("a Twisted client receives ampwire's refusal of StartTLS, and the connection stays open", async () => {
    await serve({ locator: refusingTLS() });
    const run = await twistedRun("starttls", addressOf(server));
    expect(run.outcome).toBe("UnknownRemoteError: Code<UNKNOWN>: TLS is refused here");
    expect(asked).toEqual(["StartTLS"]);
    expect(connection.secure).toBe(false);
    expect((await connection.closed).name).toBe("ConnectionClosed"); // Twisted closes at the end of its scenario
  });

  it("StartTLS from Twisted with TLS 1.1 at most fails", async () => {
    await serve({});
    const run = await twistedRun("starttls", addressOf(server), { newest: "1.1" });
    expect(run.outcome).toMatch(/alert protocol version/);
    expect((await connection.closed).message).toMatch(/no accepted version of TLS/);
    expect(asked).toEqual(["StartTLS"]);
  });

  it("a server with requireTLS refuses a Twisted client in plaintext and serves it after StartTLS", async () => {
    await serve({ requireTLS: true });
    const refused = await twistedRun("notify", addressOf(server));
    expect(refused.outcome).toMatch(/^UnknownRemoteError: .*this is not served in plaintext/);
    const run = await twistedRun("starttls", addressOf(server));
    expect(run.failures).toEqual([]);
  });

  async function finished(
    { client, server: ours, refusedBy, reason, version = "TLSv1.3" }: TLSCase,
    run: Run,
  ): Promise<void> {
    if (refusedBy === undefined) {
      expect(run.failures).toEqual([]);
      expect(run.outcome).toBe("ok");
      const { certificate } = client;
      expect(connection.secure).toBe(true);
      expect(connection.tls?.protocol).toBe(version);
      expect(run.steps.get("we as the peer sees us")?.value).toEqual({
        // Ampwire's server requests a client's certificate only if it verifies it.
        peerCommonName: ours.authorities === undefined ? "" : (certificate?.commonName ?? ""),
        secure: true,
        tlsVersion: version,
      });
      expect(run.steps.get("the peer as we see it")?.value).toEqual({
        peerCommonName: ours.certificate?.commonName,
        secure: true,
        tlsVersion: version,
      });
      return;
    }
    const closed = await connection.closed;
    expect(closed).toBeInstanceOf(refusedBy === "server" ? PeerVerifyError : PeerRefusedCertificate);
    if (refusedBy === "server") expect(closed.message).toMatch(reason ?? /./);
    expect(run.outcome).toMatch(
      refusedBy === "server" ? /rejected our certificate|alert/ : /certificate verify failed/,
    );
    expect(connection.secure).toBe(false);
    // No ask inside the TLS of an unverified client was served.
    expect(asked.filter((name) => name !== "StartTLS")).toEqual([]);
  }
});
