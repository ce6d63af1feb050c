/** Every example runs as its README says, prints what it should, and ends by itself. */
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createConnection } from "node:net";
import { Box, encodeBox } from "ampwire";
import { describe, expect, onTestFinished, test } from "vitest";
import { example } from "../support/example.ts";

const folder = new URL("../../examples/", import.meta.url);

test("mutual TLS", async () => {
  expect(await example("mutual-tls/main.mjs").end()).toEqual({
    code: 0,
    complaints: "",
    lines: [
      expect.stringMatching(/^alice: the server knows me as alice, by TLSv1\.[23]$/),
      "mallory, with a certificate of her own making: PeerRefusedCertificate",
      "nobody, without a certificate: PeerRefusedCertificate",
      "alice in plaintext: TLSRequired",
      "alice, looking for bank.example: PeerVerifyError",
      "alice, who trusts another authority: PeerVerifyError",
    ],
  });
});

test("a file through a protocol switch", async () => {
  expect(await example("file-transfer/main.mjs").end()).toEqual({
    code: 0,
    complaints: "",
    lines: [
      "refused: there is no ../secret",
      "served.bin has 20000000 bytes",
      "the copy is the same",
      "the connection: the connection speaks another protocol now",
    ],
  });
});

test("a pool of child processes", async () => {
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

test("calls as spans", async () => {
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

test("a chat", async () => {
  const server = example("chat/server.mjs", 0);
  const port = portIn(await server.line());
  const alice = example("chat/client.mjs", "alice", port);
  expect(await alice.line()).toBe("you are alice");
  const bob = example("chat/client.mjs", "bob", port);
  expect(await bob.line()).toBe("you are bob");
  expect(await alice.line()).toBe("bob has come");
  bob.say("Hello, alice");
  expect(await alice.line()).toBe("bob: Hello, alice");
  alice.say("Grüß dich");
  expect(await bob.line()).toBe("alice: Grüß dich");
  expect(await example("chat/client.mjs", "bob", port).end()).toEqual({
    code: 1,
    complaints: "",
    lines: ["there is a bob already"],
  });
  expect(await bob.end()).toEqual({ code: 0, complaints: "", lines: [] });
  expect(await alice.line()).toBe("bob has gone");
  expect((await alice.end()).code).toBe(0);
});

test("a chat goes on when somebody in it has stopped reading", async () => {
  const server = example("chat/server.mjs", 0);
  const port = portIn(await server.line());
  const deaf = createConnection(port, "127.0.0.1");
  onTestFinished(() => void deaf.destroy());
  deaf.write(encodeBox(new Box({ _ask: "1", _command: "Join", name: "deaf" })));
  await once(deaf, "data");
  deaf.pause();
  const alice = example("chat/client.mjs", "alice", port);
  const bob = example("chat/client.mjs", "bob", port);
  await Promise.all([alice.line(), bob.line()]);
  const text = "z".repeat(60_000);
  for (let i = 0; i < 500; i++) alice.say(text);
  alice.say("the end");
  const heard: string[] = [];
  while (heard.at(-1) !== "alice: the end") heard.push(await bob.line());
  expect(heard.filter((line) => line === `alice: ${text}`)).toHaveLength(500);
});

describe("every folder", () => {
  test.each(readdirSync(folder).filter((name) => name !== "conversation"))("%s has a README", (name) => {
    expect(readFileSync(new URL(`${name}/README.md`, folder), "utf8")).toMatch(/^# /);
  });
});

function portIn(line: string): number {
  return Number(/port (\d+)$/.exec(line)?.[1]);
}
