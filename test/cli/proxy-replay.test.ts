/** Recordings of a proxy are replayed to the same server without differences, and to another one with them. */

import type { AddressInfo } from "node:net";
import { boolean, command, integer, locator, unicode } from "ampwire";
import { connect, type ListenOptions, listen, type NodeConnection } from "ampwire/node";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { SocketAddress } from "../../src/cli/net/address.ts";
import { differenceText } from "../../src/cli/replay/differences.ts";
import { type Played, type PlayOptions, play } from "../../src/cli/replay/player.ts";
import { scriptsOf } from "../../src/cli/replay/script.ts";
import { lineOf, type TrafficLine } from "../../src/cli/traffic/line.ts";
import { testCertificates } from "../support/certificates.ts";
import * as commands from "../support/commands.ts";
import { rawServer } from "../support/loopback.ts";
import { bytesOf } from "../support/raw-peer.ts";
import { peerLocator } from "../support/responders.ts";
import { describeWithTwisted, twistedRun, twistedServer } from "../support/twisted.ts";
import { watchedProxy } from "./proxy-support.ts";

const HOST = "127.0.0.1";
const known = await testCertificates();

async function served(options: Partial<ListenOptions> = {}): Promise<SocketAddress> {
  const server = await listen({ port: 0, host: HOST, locator: peerLocator(), ...options });
  onTestFinished(() => server.destroy());
  return { host: HOST, port: (server.address() as AddressInfo).port };
}

async function recordedTalk(
  to: SocketAddress,
  talk: (client: NodeConnection) => Promise<unknown>,
  limits: ListenOptions["limits"] = {},
): Promise<TrafficLine[]> {
  const lines: TrafficLine[] = [];
  const watched = await watchedProxy(to, {
    onTraffic: (number, one) => void lines.push(lineOf(number, one)),
  });
  const client = await connect({ host: HOST, port: watched.port, locator: peerLocator(), limits });
  onTestFinished(() => client.destroy());
  await talk(client);
  await client.close();
  await watched.until(({ kind }) => kind === "closed");
  return JSON.parse(JSON.stringify(lines));
}

async function replayed(
  lines: TrafficLine[],
  to: SocketAddress,
  options: Partial<PlayOptions> = {},
): Promise<Played> {
  const [script] = scriptsOf(lines, "client");
  if (script === undefined) throw new Error("nothing was recorded");
  return play(script, { to, tls: {}, timeout: 5000, ...options });
}

const texts = ({ differences }: Played) => differences.map(differenceText);

async function calls(client: NodeConnection): Promise<void> {
  await client.callRemote(commands.Sum, { a: 13n, b: 81n });
  await client.callRemote(commands.Divide, { numerator: 1n, denominator: 0n }).catch(() => {});
  client.callRemote(commands.Notify, { message: "x" });
  await client.callRemote(commands.LastNotified, {});
  await client.callRemote(commands.EchoString, { value: Uint8Array.of(0, 255, 7) });
}

describe("a replay", () => {
  test("a replay to the same server finds no difference", async () => {
    const server = await served();
    expect(await replayed(await recordedTalk(server, calls), server)).toEqual({
      compared: 4,
      differences: [],
    });
  });

  test("a replay to a server with other answers reports the recorded and the new values", async () => {
    const lines = await recordedTalk(await served(), calls);
    const other = locator(
      commands.Sum.responder(() => ({ total: 95n })),
      commands.Divide.responder(() => ({ result: 1 })),
      commands.EchoString.responder(({ value }) => ({ value: value.slice(1) })),
      commands.Notify.responder(() => {}),
    );
    expect(texts(await replayed(lines, await served({ locator: other })))).toEqual([
      "#1 Sum: total was 94, is 95",
      "#1 Divide: outcome was the error ZERO_DIVISION, is an answer",
      "#1 Divide: _error_code was ZERO_DIVISION, is absent",
      "#1 Divide: _error_description was division by zero, is absent",
      "#1 Divide: result was absent, is 1.0",
      "#1 LastNotified: outcome was an answer, is the error UNHANDLED",
      expect.stringContaining("#1 LastNotified: message was x, is absent"),
      "#1 LastNotified: _error_code was absent, is UNHANDLED",
      expect.stringContaining("#1 LastNotified: _error_description was absent, is "),
      expect.stringContaining("#1 EchoString: value was"),
    ]);
  });

  test("a replay sends the recorded answers to the asks of the server, whatever their tags", async () => {
    const server = await served();
    const lines = await recordedTalk(server, (client) => client.callRemote(commands.CallBack, { n: 3n }));
    const other = locator(
      commands.CallBack.responder(async ({ n }, { connection }) => {
        connection.callRemote(commands.Notify, { message: "uses up a tag" });
        const sums = [];
        for (let i = 0n; i < n; i++) sums.push(await connection.callRemote(commands.Sum, { a: i, b: i }));
        return { total: sums.reduce((sum, { total }) => sum + total, 0n) };
      }),
    );
    expect(texts(await replayed(lines, server))).toEqual([]);
    expect(texts(await replayed(lines, await served({ locator: other })))).toEqual([
      "#1 Notify: ask of the server was absent, is present",
    ]);
  });

  test.each(["client", "server"])(
    "a replay starts TLS at the recorded place, asked by the %s",
    async (asker) => {
      const upgrades: Promise<void>[] = [];
      const onConnection = (one: NodeConnection) => {
        if (asker === "server") upgrades.push(one.startTLS());
      };
      const server = await served({ onConnection, tls: { localCertificate: known.server } });
      const lines = await recordedTalk(server, async (client) => {
        if (asker === "client") await client.startTLS();
        while (!client.secure) await new Promise(setImmediate);
        await calls(client);
        expect(await client.callRemote(commands.WhoAmI, {})).toMatchObject({ secure: true });
      });
      expect(lines.filter(({ event }) => event === "secured")).toHaveLength(1);
      const verifying = { tls: { verifyAuthorities: [known.authority], serverName: "calc.example" } };
      expect(texts(await replayed(lines, server, verifying))).toEqual([]);
      await Promise.all(upgrades);
      const distrusting = { tls: { verifyAuthorities: [known.otherAuthority] } };
      const tlsFails = replayed(lines, server, distrusting);
      expect(texts(await tlsFails)).toEqual([expect.stringContaining("connection was open")]);
      await Promise.allSettled(upgrades);
    },
  );

  test("a replay ends if the server does not read the bytes before TLS", async () => {
    const head = { time: "", connection: 1 };
    const data = "x".repeat(60_000);
    const lines: TrafficLine[] = [
      ...Array.from({ length: 200 }, (): TrafficLine => {
        return { ...head, from: "client", box: { _command: "Put", data } };
      }),
      { ...head, from: "client", box: { _ask: "1", _command: "StartTLS" } },
      { ...head, from: "server", box: { _answer: "1" } },
      { ...head, event: "secured" },
    ];
    const { port, next } = await rawServer();
    const replaying = replayed(lines, { host: HOST, port }, { timeout: 200 });
    (await next()).write(bytesOf({ _answer: "1" })); // and does not read
    expect(texts(await replaying)).toEqual([
      expect.stringMatching(
        /connection was open, is closed: the peer did not read the \d+ bytes before TLS in time/,
      ),
    ]);
  });

  test("a replay plays the side of the server, and sends its asks", async () => {
    const lines = await recordedTalk(await served(), (client) =>
      client.callRemote(commands.CallBack, { n: 3n }),
    );
    const [script] = scriptsOf(lines, "server");
    expect(script?.steps.filter(({ kind }) => kind === "ask")).toHaveLength(3);
    // The peer never sends CallBack, which the recorded client sent.
    const played = await play(script as never, { to: await served(), tls: {}, timeout: 100 });
    expect(texts(played)).toEqual([expect.stringContaining("the server sent nothing within 100 ms")]);
  });

  test("a replay reports a server that closes the connection", async () => {
    const lines = await recordedTalk(await served(), calls);
    const place = await served({ onConnection: (one) => one.destroy() });
    expect(texts(await replayed(lines, place))).toEqual([expect.stringContaining("connection was open")]);
  });

  test("a replay compares answers over the default maxBoxBytes", async () => {
    const place = await served({ limits: { maxBoxBytes: 2_000_000 } });
    const lines = await recordedTalk(
      place,
      async (client) => {
        await client.callRemote(commands.EchoBig, {
          text: "z".repeat(600_000),
          data: new Uint8Array(600_000),
        });
      },
      { maxBoxBytes: 2_000_000 },
    );
    expect(await replayed(lines, place)).toEqual({ compared: 1, differences: [] });
  });

  test("a replay without a server fails", async () => {
    const lines = await recordedTalk(await served(), calls);
    await expect(replayed(lines, { path: "/nowhere/at/all" })).rejects.toMatchObject({
      name: "ConnectFailed",
    });
  });

  test("a replay sends the recorded raw bytes and compares the received ones", async () => {
    const line = (from: "client" | "server", rest: Partial<TrafficLine>): TrafficLine => ({
      time: "",
      connection: 1,
      from,
      ...rest,
    });
    const raw = (text: string) => ({ raw: Buffer.from(text).toString("hex") });
    const lines = [
      line("client", { box: { _ask: "1", _command: commands.SwitchToLine.name } }),
      line("server", { box: { _answer: "1" } }),
      line("client", raw("one\r\ntwo\r\n")),
      line("server", raw("echo: one\r\n")),
      line("server", raw("echo: two\r\n")),
    ];
    const server = await served();
    expect(await replayed(lines, server)).toEqual({ compared: 3, differences: [] });
    lines[4] = line("server", raw("echo: three"));
    expect(texts(await replayed(lines, server))).toEqual([
      "#1 raw bytes: bytes was echo: three, is echo: two\\r\\n",
    ]);
  });
});

describe("the comparison of a replay", () => {
  /** Lines of a recording, without times. */
  const line = (from: "client" | "server", box: Record<string, string>): TrafficLine => ({
    time: "",
    connection: 1,
    from,
    box,
  });
  const comparison = { ignored: new Set<string>(), ignoresErrors: false };
  const Login = command("Login", {
    arguments: { name: unicode() },
    response: { session: unicode(), now: integer() },
  });
  const Use = command("Use", {
    arguments: { session: unicode(), id: integer() },
    response: { session: unicode() },
  });
  const login = [
    line("client", { _ask: "1", _command: "Login", name: "recorded-client" }),
    line("server", { _answer: "1", session: "recorded-session", now: "5" }),
    line("client", { _ask: "2", _command: "Use", session: "recorded-session", id: "5" }),
    line("server", { _answer: "2", session: "recorded-session" }),
  ];
  const asked: unknown[] = [];
  const sessions = () =>
    served({
      locator: locator(
        Login.responder(() => ({ session: "live-session", now: 7 })),
        Use.responder((args) => {
          asked.push(args);
          return { session: args.session };
        }),
      ),
    });
  beforeEach(() => asked.splice(0));

  test("ids that the server made are replaced in later asks, and are no difference in later answers", async () => {
    expect(texts(await replayed(login, await sessions()))).toEqual([
      "#1 Login: session was recorded-session, is live-session",
      "#1 Login: now was 5, is 7",
    ]);
    expect(asked).toEqual([{ session: "live-session", id: 5 }]);
  });

  test("ignored fields are not compared, and count as ids however short", async () => {
    const ignored = new Set(["session", "Login.now"]);
    expect(
      texts(await replayed(login, await sessions(), { comparison: { ...comparison, ignored } })),
    ).toEqual([]);
    expect(asked).toEqual([{ session: "live-session", id: 7 }]);
    const other = new Set(["session", "Use.now"]);
    const found = await replayed(login, await sessions(), { comparison: { ...comparison, ignored: other } });
    expect(texts(found)).toEqual(["#1 Login: now was 5, is 7"]);
  });

  test("a value that the client sent first is not replaced", async () => {
    const lines = [
      line("client", { _ask: "1", _command: "Login", name: "recorded-session" }),
      ...login.slice(1),
    ];
    await replayed(lines, await sessions());
    expect(asked).toEqual([{ session: "recorded-session", id: 5 }]);
  });

  test("ignoring errors compares only that an answer is an error", async () => {
    const lines = [
      line("client", { _ask: "1", _command: "Sum" }),
      line("server", { _error: "1", _error_code: "OLD", _error_description: "old" }),
      line("client", { _ask: "2", _command: "WhoAmI" }),
      line("server", { _error: "2", _error_code: "OLD", _error_description: "old" }),
    ];
    const failing = await served({ closeOnUndeclaredError: false });
    const all = texts(await replayed(lines, failing));
    expect(all).toContain("#1 WhoAmI: outcome was the error OLD, is an answer");
    expect(all).toContain("#1 Sum: _error_description was old, is Unknown Error");
    const few = await replayed(lines, failing, { comparison: { ...comparison, ignoresErrors: true } });
    expect(texts(few)).toEqual(["#1 WhoAmI: outcome was the error OLD, is an answer"]);
  });

  test("a replay does not wait for asks of a server that has diverged", async () => {
    const lines = [
      line("client", { _ask: "1", _command: "Login", name: "x" }),
      line("server", { _ask: "a", _command: "Confirm" }),
      line("client", { _answer: "a" }),
      line("server", { _answer: "1", session: "s", now: "5" }),
      line("client", { _ask: "2", _command: "Use", session: "s", id: "1" }),
      line("server", { _ask: "b", _command: "Confirm" }),
      line("client", { _answer: "b" }),
      line("server", { _answer: "2", session: "s" }),
    ];
    // Without a timeout, a wait would never end.
    expect(texts(await replayed(lines, await sessions(), { timeout: undefined }))).toEqual([
      "#1 Login: session was s, is live-session",
      "#1 Login: now was 5, is 7",
      "#1 Confirm: ask of the server was present, is absent",
      "#1 Confirm: ask of the server was present, is absent",
    ]);
  });

  test("a diverged server that asks late gets the recorded answer", async () => {
    const Confirm = command("Confirm", { response: { yes: boolean() } });
    const late = locator(
      Login.responder(() => ({ session: "other-session", now: 7 })),
      Use.responder(async ({ session }, { connection }) => {
        const { yes } = await connection.callRemote(Confirm, {});
        return { session: `${session} ${yes}` };
      }),
    );
    const lines = [
      line("client", { _ask: "1", _command: "Login", name: "x" }),
      line("server", { _ask: "a", _command: "Confirm" }),
      line("client", { _answer: "a", yes: "True" }),
      line("server", { _answer: "1", session: "s", now: "5" }),
      line("client", { _ask: "2", _command: "Use", session: "s", id: "1" }),
      line("server", { _answer: "2", session: "s true" }),
    ];
    expect(texts(await replayed(lines, await served({ locator: late }), { timeout: undefined }))).toEqual([
      "#1 Login: session was s, is other-session",
      "#1 Login: now was 5, is 7",
    ]);
  });

  test("a replay stops before anything that was sent inside TLS if the server refuses TLS", async () => {
    const lines: TrafficLine[] = [
      line("client", { _ask: "1", _command: "StartTLS" }),
      line("server", { _answer: "1" }),
      { time: "", connection: 1, event: "secured" },
      line("client", { _ask: "2", _command: "Use", session: "secret", id: "1" }),
      line("server", { _answer: "2", session: "secret" }),
    ];
    const place = await served({
      tls: false,
      locator: locator(
        Use.responder((args) => {
          asked.push(args);
          return args;
        }),
      ),
    });
    expect(texts(await replayed(lines, place))).toEqual([
      expect.stringContaining("the server refused TLS, and the rest was sent inside TLS"),
    ]);
    expect(asked).toEqual([]);
  });
});

describeWithTwisted("a replay with Twisted", () => {
  test("a recording of Twisted replays to Twisted and to ampwire", async () => {
    await using twisted = await twistedServer();
    const lines = await recordedTalk(twisted.address, async (client) => {
      await client.startTLS();
      await client.callRemote(commands.Sum, { a: 13n, b: 81n });
      await client.callRemote(commands.CallBack, { n: 2n });
    });
    expect(texts(await replayed(lines, twisted.address))).toEqual([]);
    expect(texts(await replayed(lines, await served()))).toEqual([]);
  });

  test("a recording of a Twisted client with StartTLS replays every call inside TLS", async () => {
    const server = await served();
    const lines: TrafficLine[] = [];
    const watched = await watchedProxy(server, {
      onTraffic: (number, one) => void lines.push(lineOf(number, one)),
    });
    const run = await twistedRun("starttls", { host: HOST, port: watched.port });
    expect(run.failures).toEqual([]);
    await watched.until(({ kind }) => kind === "closed");
    expect(texts(await replayed(lines, server))).toEqual([]);
  });
});
