/** `ampwire proxy` and `ampwire replay` as processes. */
import { readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { locator } from "ampwire";
import { connect, type ListenOptions, listen } from "ampwire/node";
import { expect, onTestFinished, test } from "vitest";
import { testCertificates } from "../support/certificates.ts";
import * as commands from "../support/commands.ts";
import { peerLocator } from "../support/responders.ts";
import { certificateFile, scratchPath } from "../support/tls-side.ts";
import { describeWithTwisted, twistedRun, twistedServer } from "../support/twisted.ts";
import { type CommandRun, startCommand } from "./command-process.ts";

const HOST = "127.0.0.1";
const known = await testCertificates();

async function served(options: Partial<ListenOptions> = {}): Promise<number> {
  const server = await listen({ port: 0, host: HOST, locator: peerLocator(), ...options });
  onTestFinished(() => server.destroy());
  return (server.address() as AddressInfo).port;
}

/** Starts a proxy. Returns its process and port. */
async function proxied(to: number, ...args: string[]): Promise<{ run: CommandRun; port: number }> {
  const run = await startCommand(
    "proxy",
    "--listen",
    `tcp://${HOST}:0`,
    "--to",
    `tcp://${HOST}:${to}`,
    ...args,
  );
  const [, port] = await run.errors(/listening on tcp:\/\/127\.0\.0\.1:(\d+)/);
  return { run, port: Number(port) };
}

async function talk(port: number, starttls = false): Promise<void> {
  const client = await connect({ port, host: HOST, locator: peerLocator() });
  if (starttls) await client.startTLS();
  await client.callRemote(commands.Sum, { a: 13n, b: 81n });
  await client.callRemote(commands.Divide, { numerator: 1n, denominator: 0n }).catch(() => {});
  await client.close();
}

test("a proxy prints the traffic and stops at SIGTERM", async () => {
  const { run, port } = await proxied(await served());
  await talk(port);
  await run.output(/closed/);
  run.signal("SIGTERM");
  expect(await run.exited).toBe(0);
  const lines = run.stdout.split("\n").map((line) => line.replace(/^[\d:.]+ /, ""));
  expect(lines.slice(1, 5)).toEqual([
    "#1 --- client asks Sum [1] a=13 b=81",
    expect.stringMatching(/^#1 --- server answers Sum \[1\] in [\d.]+ ms total=94 _m\.ampwire=1$/),
    "#1 --- client asks Divide [2] denominator=0 numerator=1 _m.ampwire=1",
    expect.stringMatching(/^#1 --- server fails Divide \[2\] in .* ms ZERO_DIVISION: division by zero$/),
  ]);
});

test("a proxy prints typed values as lines of JSON with --schema and --json", async () => {
  const schema = scratchPath("schema.mjs");
  writeFileSync(
    schema,
    `import { command, integer, float } from "ampwire";
     export const Sum = command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } });
     export const Divide = command("Divide", { arguments: { numerator: integer(), denominator: integer() }, response: { result: float() } });`,
  );
  const { run, port } = await proxied(await served(), "--schema", schema, "--json");
  await talk(port);
  await run.output(/"closed"/);
  const lines = run.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.slice(1, 3)).toMatchObject([
    { connection: 1, from: "client", secure: false, kind: "ask", command: "Sum", values: { a: 13, b: 81 } },
    { from: "server", kind: "answer", command: "Sum", values: { total: 94 }, took: expect.any(Number) },
  ]);
});

test("a recording that cannot be written stops the proxy with an error", async () => {
  const { run, port } = await proxied(await served(), "--record", "/dev/full");
  await talk(port).catch(() => {});
  expect(await run.exited).toBe(1);
  expect(run.stderr).toMatch(/^ampwire: cannot write \/dev\/full: ENOSPC/m);
});

test("replay of a TLS recording exits with 0 for the same server and with 1 for another", async () => {
  const port = await served({ tls: { localCertificate: known.server } });
  const authority = certificateFile([known.authority]);
  const file = scratchPath("talk.jsonl");
  const ca = ["--ca", authority, "--server-name", "calc.example"];
  const { run, port: between } = await proxied(
    port,
    "--record",
    file,
    "--cert",
    certificateFile([known.selfSigned]),
    ...ca,
  );
  await talk(between, true);
  await run.output(/closed/);
  expect(run.stdout).toMatch(
    /TLS: TLSv1.3 with the client, without certificate; TLSv1.3 with the server, certificate CN=calc.example/,
  );
  expect(run.stdout).toMatch(/#1 tls client asks Sum/);
  expect(readFileSync(file, "utf8")).toContain('"event":"secured"');

  const same = await startCommand("replay", file, "--to", `tcp://${HOST}:${port}`, ...ca);
  expect([await same.exited, same.stdout]).toEqual([0, ""]);
  expect(same.stderr).toContain("no difference");

  const wrong = locator(commands.Sum.responder(() => ({ total: 1n })));
  const other = await served({ locator: wrong, tls: { localCertificate: known.server } });
  const differs = await startCommand("replay", file, "--to", `tcp://${HOST}:${other}`, "--json");
  expect(await differs.exited).toBe(1);
  expect(JSON.parse(differs.stdout.split("\n")[0] ?? "")).toEqual({
    connection: 1,
    command: "Sum",
    about: "total",
    recorded: "94",
    got: "1",
  });
});

test.each([
  [["proxy"], /--listen ADDRESS is required/],
  [["proxy", "--listen", "tcp://127.0.0.1:0"], /--to ADDRESS is required/],
  [["proxy", "--listen", "127.0.0.1:1", "--to", "unix:x"], /use tcp:/],
  [["proxy", "--listen", "unix:a", "--to", "tls://h:1"], /TLS from the first byte/],
  [["proxy", "--listen", "unix:a", "--to", "unix:b", "--verify-client"], /needs --ca/],
  [["replay", "x"], /--to ADDRESS is required/],
  [["replay", "x", "--to", "unix:x", "--server-name", "n"], /needs --ca/],
  [["replay"], /an operand is missing/],
])("ampwire %j is a usage error", async (args, message) => {
  const run = await startCommand(...args);
  expect(await run.exited).toBe(2);
  expect(run.stderr).toMatch(message);
});

test("an invalid server name is refused at the start, not at the first StartTLS", async () => {
  const ca = certificateFile([known.authority]);
  const run = await startCommand(
    ...["proxy", "--listen", "tcp://127.0.0.1:0", "--to", "unix:x", "--ca", ca, "--server-name", "a/b"],
  );
  expect(await run.exited).toBe(1);
  expect(run.stderr).toMatch(/serverName "a\/b" is not a host name or an IP address/);
});

test("replay fails for a missing recording and for a missing server", async () => {
  const run = await startCommand("replay", "/nowhere/at/all", "--to", "unix:/nowhere");
  expect([await run.exited, run.stderr]).toEqual([2, expect.stringContaining("ENOENT")]);
  const file = scratchPath("small.jsonl");
  writeFileSync(file, '{"connection":1,"from":"client","box":{"_command":"X"}}\n');
  const alone = await startCommand("replay", file, "--to", "unix:/nowhere");
  expect([await alone.exited, alone.stderr]).toEqual([1, expect.stringContaining("cannot connect")]);
});

test("replay of a connection that was not recorded is a usage error", async () => {
  const file = scratchPath("one.jsonl");
  writeFileSync(file, '{"connection":7,"from":"client","box":{"_command":"X"}}\n');
  const run = await startCommand("replay", file, "--to", "unix:/nowhere", "--connection", "1");
  expect([await run.exited, run.stderr]).toEqual([
    2,
    expect.stringMatching(/unknown connection "1" in .*one\.jsonl \(it has 7\)/),
  ]);
});

describeWithTwisted("a proxy between two Twisted processes", () => {
  test("a proxy between two Twisted processes prints StartTLS and the calls inside TLS", async () => {
    await using server = await twistedServer();
    if (!("port" in server.address)) throw new Error("the server must listen on a port");
    const { run, port } = await proxied(server.address.port);
    const client = await twistedRun("starttls", { host: HOST, port });
    expect([client.outcome, client.failures]).toEqual(["ok", []]);
    await run.output(/closed/);
    expect(run.stdout).toMatch(/--- server answers StartTLS[^\n]*\n[^\n]* TLS: /);
    expect(run.stdout).toMatch(/tls client asks EchoListOfInteger/);
  });
});
