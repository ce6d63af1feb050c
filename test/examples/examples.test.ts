/** Runs every example as its README describes, and checks its output and its exit. */
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createConnection } from "node:net";
import { Box, encodeBox } from "ampwire";
import { describe, expect, onTestFinished, test } from "vitest";
import { example } from "../support/example.ts";
import { describeWithNats } from "../support/nats-server.ts";

const folder = new URL("../../examples/", import.meta.url);

test("the mutual TLS example accepts one client and rejects five", async () => {
  expect(await example("mutual-tls/main.mjs").end()).toEqual({
    code: 0,
    complaints: "",
    lines: [
      expect.stringMatching(/^alice: accepted as alice, with TLSv1\.[23]$/),
      "mallory, with a certificate of another CA: PeerRefusedCertificate",
      "a client without a certificate: PeerRefusedCertificate",
      "alice in plaintext: TLSRequired",
      "alice, expecting bank.example: PeerVerifyError",
      "alice, trusting another CA: PeerVerifyError",
    ],
  });
});

test("the file transfer example copies a file", async () => {
  expect(await example("file-transfer/main.mjs").end()).toEqual({
    code: 0,
    complaints: "",
    lines: [
      "rejected: no file ../secret",
      "served.bin has 20000000 bytes",
      "the copy equals the original",
      "the connection closed: the connection speaks another protocol now",
    ],
  });
});

test("the worker pool example counts primes though a worker is killed", async () => {
  expect(await example("worker-pool/main.mjs").end()).toEqual({
    code: 0,
    complaints: "",
    lines: [
      expect.stringMatching(/^a worker was killed: Connection(Closed|Lost)$/),
      "49098 primes below 600000",
      expect.stringMatching(/^counted by [234] processes$/),
    ],
  });
});

test("the OpenTelemetry example prints a span for each call", async () => {
  const { code, lines } = await example("opentelemetry/main.mjs").end();
  expect(code).toBe(0);
  expect(lines.map((line) => line.replace(/\d+ ms/, "some ms"))).toEqual([
    "server span AMP Work, plaintext, some ms, ok",
    "client span AMP Work, plaintext, some ms, ok",
    "server span AMP Work, plaintext, some ms, error: more than a second",
    "client span AMP Work, plaintext, some ms, error: more than a second",
    "server span AMP Work, TLS, some ms, ok",
    "client span AMP Work, TLS, some ms, ok",
  ]);
});

test("the chat example forwards messages and rejects a name in use", async () => {
  const server = example("chat/server.mjs", 0);
  const port = portIn(await server.line());
  const alice = example("chat/client.mjs", "alice", port);
  expect(await alice.line()).toBe("you are alice");
  const bob = example("chat/client.mjs", "bob", port);
  expect(await bob.line()).toBe("you are bob");
  expect(await alice.line()).toBe("bob has joined");
  bob.say("Hello, alice");
  expect(await alice.line()).toBe("bob: Hello, alice");
  alice.say("Grüß dich");
  expect(await bob.line()).toBe("alice: Grüß dich");
  expect(await example("chat/client.mjs", "bob", port).end()).toEqual({
    code: 1,
    complaints: "",
    lines: ["the name bob is in use"],
  });
  expect(await bob.end()).toEqual({ code: 0, complaints: "", lines: [] });
  expect(await alice.line()).toBe("bob has left");
  expect((await alice.end()).code).toBe(0);
});

test("the chat example keeps running when a client stops reading", async () => {
  const server = example("chat/server.mjs", 0);
  const port = portIn(await server.line());
  const stalled = createConnection(port, "127.0.0.1");
  onTestFinished(() => void stalled.destroy());
  stalled.write(encodeBox(new Box({ _ask: "1", _command: "Join", name: "stalled" })));
  await once(stalled, "data");
  stalled.pause();
  const alice = example("chat/client.mjs", "alice", port);
  const bob = example("chat/client.mjs", "bob", port);
  await Promise.all([alice.line(), bob.line()]);
  const text = "z".repeat(60_000);
  for (let i = 0; i < 500; i++) alice.say(text);
  alice.say("the end");
  const received: string[] = [];
  while (received.at(-1) !== "alice: the end") received.push(await bob.line());
  expect(received.filter((line) => line === `alice: ${text}`)).toHaveLength(500);
});

describeWithNats("the scale-out example", () => {
  test("the scale-out example answers every call though workers and edges are replaced", async () => {
    const { code, lines, complaints } = await example("scale-out/main.mjs").end();
    expect({ code, complaints }).toEqual({ code: 0, complaints: "" });
    expect(lines.slice(0, 2)).toEqual([
      "many calls were answered, 0 failed",
      expect.stringMatching(/^[3-5] workers have answered, 2 workers and 2 edges were replaced$/),
    ]);
    for (const line of lines.slice(2))
      expect(line).toMatch(/^the Twisted client has got [1-9]\d* right answers$/);
  });
});

describe("the examples", () => {
  test.each(readdirSync(folder).filter((name) => name !== "conversation"))(
    "the example %s has a README",
    (name) => {
      expect(readFileSync(new URL(`${name}/README.md`, folder), "utf8")).toMatch(/^# /);
    },
  );
});

function portIn(line: string): number {
  return Number(/port (\d+)$/.exec(line)?.[1]);
}
