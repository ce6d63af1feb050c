/**
 * Tests that must pass on every runtime, StartTLS with a live Twisted included. They use the built package.
 * `npm run test:runtimes` runs them on each runtime and prints a table; `node test/runtimes/suite.mjs` on one.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import {
  Box,
  bigInteger,
  bytes,
  command,
  dateTime,
  decimal,
  float,
  integer,
  listOf,
  locator,
  StartTLS,
  unicode,
} from "ampwire";
import { connect, listen, PrivateCertificate, protocolSwitch } from "ampwire/node";
import { equal, rejection, runAll, test } from "./harness.mjs";

class ZeroDivisionError extends Error {}

const Sum = command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } });
const Divide = command("Divide", {
  arguments: { numerator: integer(), denominator: integer() },
  response: { result: float() },
  errors: { ZERO_DIVISION: ZeroDivisionError },
});
const Echo = command("Echo", { arguments: { data: bytes() }, response: { data: bytes() } });
const All = {
  big: bigInteger(),
  text: unicode(),
  list: listOf(float()),
  amount: decimal(),
  when: dateTime(),
};
const EchoAll = command("EchoAll", { arguments: All, response: All });
const Switch = protocolSwitch("Switch");

const authority = await PrivateCertificate.authority({ commonName: "Runtime Authority" });
const serverCertificate = await authority.issue({ commonName: "calc.example", hostNames: ["calc.example"] });
const clientCertificate = await authority.issue({ commonName: "alice" });
const stranger = await PrivateCertificate.selfSigned({ commonName: "stranger" });

const responders = locator(
  Sum.responder(({ a, b }) => ({ total: a + b })),
  Divide.responder(({ numerator, denominator }) => {
    if (denominator === 0) throw new ZeroDivisionError("division by zero");
    return { result: numerator / denominator };
  }),
  Echo.responder(async ({ data }) => ({ data })),
  EchoAll.responder((values) => values),
  Switch.responder(() => ({
    protocol(stream) {
      stream.on("data", (chunk) => stream.write(chunk));
      stream.on("end", () => stream.end());
      stream.resume();
    },
  })),
);

/** Runs `use` with a server and a connection to it, and then destroys both. */
async function joined(use, serverOptions = {}, clientOptions = {}) {
  const address =
    serverOptions.path === undefined ? { port: 0, host: "127.0.0.1" } : { path: serverOptions.path };
  const server = await listen({ ...address, locator: responders, ...serverOptions });
  const to = serverOptions.path === undefined ? { port: server.address().port, host: "127.0.0.1" } : address;
  const connection = await connect({ ...to, ...clientOptions });
  try {
    await use(connection, server);
  } finally {
    connection.destroy();
    server.destroy();
  }
}

test("a call works over TCP", () =>
  joined(async (connection) => {
    equal(await connection.callRemote(Sum, { a: 13, b: 81 }), { total: 94 });
    const many = Array.from({ length: 500 }, (_, n) => connection.callRemote(Sum, { a: n, b: 1 }));
    equal(
      (await Promise.all(many)).every(({ total }, n) => total === n + 1),
      true,
    );
  }));

test("a call works over a UNIX socket", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ampwire-"));
  try {
    const path = join(folder, "socket");
    await joined(
      async (connection) => equal(await connection.callRemote(Sum, { a: 1, b: 2 }), { total: 3 }),
      { path },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("every argument type is sent and received", () =>
  joined(async (connection) => {
    const data = new Uint8Array(60_000).map((_, index) => index % 251);
    equal(Buffer.compare((await connection.callRemote(Echo, { data })).data, data), 0);
    const wire = {
      big: "340282366920938463463374607431768211456",
      text: "caf\u00e9 \u{1f600}",
      list: listOf(float()).encode([1.5, -0, Number.NaN]),
      amount: "1.10",
      when: "2012-01-23T12:34:56.054321-01:23",
    };
    const values = EchoAll.parseArguments(new Box(wire));
    equal(values.big === 2n ** 128n, true);
    const echoed = EchoAll.makeResponse(await connection.callRemote(EchoAll, values));
    for (const name of ["big", "text", "amount", "when"]) equal(echoed.text(name), wire[name]);
  }));

test("a declared error rejects with its class", () =>
  joined((connection) =>
    rejection(connection.callRemote(Divide, { numerator: 1, denominator: 0 }), "ZeroDivisionError"),
  ));

test("close() waits for calls in progress", () =>
  joined(async (connection) => {
    const call = connection.callRemote(Sum, { a: 1, b: 2 });
    await connection.close();
    equal(await call, { total: 3 });
  }));

test("StartTLS works without certificates", () =>
  joined(async (connection) => {
    const upgraded = connection.startTLS();
    const held = connection.callRemote(Sum, { a: 1, b: 2 });
    await upgraded;
    equal(await held, { total: 3 });
    equal(connection.secure, true);
    await rejection(connection.callRemote(StartTLS), "OnlyOneTLS");
  }));

test("StartTLS verifies the certificates of both ends", () =>
  joined(
    async (connection) => {
      await connection.startTLS({
        localCertificate: clientCertificate,
        verifyAuthorities: [authority],
        serverName: "calc.example",
      });
      equal(connection.peerCertificate.commonName, "calc.example");
      equal(await connection.callRemote(Sum, { a: 1, b: 2 }), { total: 3 });
    },
    { tls: { localCertificate: serverCertificate, verifyAuthorities: [authority] }, requireTLS: true },
  ));

test("StartTLS works when the server starts it", () =>
  joined(
    async (connection, server) => {
      const [accepted] = server.connections;
      await accepted.startTLS();
      equal(await connection.callRemote(Sum, { a: 1, b: 2 }), { total: 3 });
      equal(connection.secure && accepted.secure, true);
    },
    { tls: { localCertificate: serverCertificate } },
    { tls: { verifyAuthorities: [authority] } },
  ));

test("StartTLS rejects an untrusted server", () =>
  joined(
    (connection) => rejection(connection.startTLS({ verifyAuthorities: [authority] }), "PeerVerifyError"),
    { tls: { localCertificate: stranger } },
  ));

test("StartTLS rejects a server with another name", () =>
  joined(
    (connection) =>
      rejection(
        connection.startTLS({ verifyAuthorities: [authority], serverName: "other.example" }),
        "PeerVerifyError",
      ),
    { tls: { localCertificate: serverCertificate } },
  ));

test("StartTLS rejects an untrusted client", () =>
  joined(
    async (connection, server) => {
      const [accepted] = server.connections;
      const refused = connection
        .startTLS({ localCertificate: stranger })
        .then(() => connection.callRemote(Sum, { a: 1, b: 2 }))
        .catch((error) => error);
      equal((await accepted.closed).name, "PeerVerifyError");
      equal((await refused) instanceof Error, true);
    },
    { tls: { localCertificate: serverCertificate, verifyAuthorities: [authority] } },
  ));

test("plaintext injected after StartTLS is not executed", async () => {
  let executed = 0;
  const server = await listen({
    port: 0,
    host: "127.0.0.1",
    locator: locator(Sum.responder(() => ({ total: ++executed }))),
  });
  const { Socket } = await import("node:net");
  const socket = new Socket();
  socket.on("error", () => {});
  socket.connect(server.address().port, "127.0.0.1");
  const evil = "00085f636f6d6d616e64000353756d0001610001310001620001310000";
  socket.write(Buffer.from(`00045f61736b00013100085f636f6d6d616e6400085374617274544c530000${evil}`, "hex"));
  const received = [];
  socket.on("data", (chunk) => received.push(chunk));
  await new Promise((resolve) => socket.on("close", resolve));
  equal(executed, 0);
  equal(Buffer.concat(received).length, 0);
  server.destroy();
});

test("a protocol switch works inside TLS", () =>
  joined(async (connection) => {
    await connection.startTLS();
    const stream = await connection.switchProtocol(Switch, {});
    stream.write("hello");
    for await (const chunk of stream) {
      equal(String(chunk), "hello");
      break;
    }
  }));

test("bytes that are not AMP close the connection", () =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    server.listen(0, "127.0.0.1", async () => {
      try {
        const connection = await connect({ port: server.address().port, host: "127.0.0.1" });
        equal((await connection.closed).name, "KeyTooLong");
        server.close();
        resolve();
      } catch (error) {
        reject(error);
      }
    });
  }));

const python = process.env.AMPWIRE_PYTHON ?? "/usr/bin/python3";
const peer = fileURLToPath(new URL("../interop/twisted/peer.py", import.meta.url));

for (const secure of [false, true]) {
  test(`a call to a Twisted server works ${secure ? "inside TLS" : "in plaintext"}`, async () => {
    const twisted = spawn(python, [peer, "server"], { stdio: ["pipe", "pipe", "ignore"] });
    try {
      const port = await new Promise((resolve, reject) => {
        createInterface({ input: twisted.stdout }).once("line", (line) =>
          resolve(JSON.parse(line).listening.port),
        );
        twisted.once("exit", () => reject(new Error("Twisted is not installed: see CONTRIBUTING.md")));
      });
      const connection = await connect({ port, host: "127.0.0.1" });
      if (secure) await connection.startTLS();
      equal(await connection.callRemote(Sum, { a: 13, b: 81 }), { total: 94 });
      await rejection(connection.callRemote(Divide, { numerator: 1, denominator: 0 }), "ZeroDivisionError");
      connection.destroy();
    } finally {
      twisted.kill();
    }
  });

  test(`a call from a Twisted client works ${secure ? "inside TLS" : "in plaintext"}`, async () => {
    const BigSum = command("Sum", {
      arguments: { a: bigInteger(), b: bigInteger() },
      response: { total: bigInteger() },
    });
    const server = await listen({
      port: 0,
      host: "127.0.0.1",
      locator: locator(BigSum.responder(({ a, b }) => ({ total: a + b }))),
    });
    const options = secure ? ["--starttls"] : [];
    const twisted = spawn(
      python,
      [peer, "client", "echo-stdin", "--port", String(server.address().port), ...options],
      {
        stdio: ["pipe", "pipe", "ignore"],
      },
    );
    try {
      twisted.stdin.end(`${JSON.stringify({ command: "Sum", arguments: { a: "13", b: "81" } })}\n`);
      const lines = [];
      for await (const line of createInterface({ input: twisted.stdout })) lines.push(line);
      equal(
        lines.some((line) => JSON.parse(line).response?.total === "94"),
        true,
      );
    } finally {
      twisted.kill();
      server.destroy();
    }
  });
}

await runAll();
