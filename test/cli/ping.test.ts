/** `ampwire ping` against a live Twisted. */
import { writeFileSync } from "node:fs";
import { command, health, integer, locator, unicode } from "ampwire";
import type { ListenOptions } from "ampwire/node";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { summarise } from "../../src/cli/ping/percentiles.ts";
import { listen } from "../../src/node/index.ts";
import { testCertificates } from "../support/certificates.ts";
import { certificateFile, scratchPath } from "../support/tls-side.ts";
import { describeWithTwisted, type ServerOptions, twistedServer } from "../support/twisted.ts";
import { ampwire } from "./run-command.ts";
import { runHere } from "./run-here.ts";

async function twisted(options: ServerOptions = {}): Promise<string> {
  const server = await twistedServer(options);
  onTestFinished(() => server[Symbol.asyncDispose]());
  if (!("port" in server.address)) throw new Error("the server must listen on a port");
  return `tcp://127.0.0.1:${server.address.port}`;
}

describeWithTwisted("ampwire ping", () => {
  test("ping prints the times of each round and their percentiles", async () => {
    const { code, out, err } = await ampwire(`ping ${await twisted()} -n 3`);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const rounds = [1, 2, 3].map((n) => `${n}: connect \\d+\\.\\d\\d ms, call \\d+\\.\\d\\d ms\n`).join("");
    const row = "( +\\d+\\.\\d\\d){5}\n";
    expect(out).toMatch(new RegExp(`^${rounds}\nms +min +p50 +p90 +p99 +max\nconnect${row}call   ${row}$`));
  });

  test("ping upgrades in each round with --starttls", async () => {
    const { server, authority } = await testCertificates();
    const at = await twisted({ certificate: server });
    const { code, out, err } = await runHere(
      `ping ${at} -n 2 --starttls --ca ${certificateFile([authority])} -v --json`,
    );
    expect(code).toBe(0);
    expect(err).toMatch(/^TLSv1\.3 .*, verified\n$/);
    const [first, second, all] = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(first).toEqual({
      round: 1,
      connect: expect.any(Number),
      upgrade: expect.any(Number),
      call: expect.any(Number),
    });
    expect(all.rounds).toBe(2);
    expect(all.upgrade.max).toBe(Math.max(first.upgrade, second.upgrade));
  });
});

test("ping accepts the rejection of plaintext as an answer", async () => {
  await using server = await listen({ port: 0, host: "127.0.0.1", requireTLS: true });
  const { code, out } = await runHere(`ping tcp://127.0.0.1:${server.address().port} -n 1`);
  expect(code).toBe(0);
  expect(out).toMatch(/^1: connect /);
});

describe("ping --command", () => {
  async function echo(): Promise<string> {
    const Echo = command("Echo", {
      arguments: { text: unicode(), count: integer() },
      response: { text: unicode() },
      errors: { BAD: RangeError },
    });
    const responder = Echo.responder(({ text, count }) => {
      asked.push(`${text} ${count}`);
      if (count < 0) throw new RangeError("negative");
      return { text };
    });
    const server = await listen({ port: 0, host: "127.0.0.1", locator: locator(responder) });
    onTestFinished(() => server.close());
    return `tcp://127.0.0.1:${server.address().port}`;
  }
  const asked: string[] = [];
  beforeEach(() => asked.splice(0));

  test("ping --command calls that command with arguments in each round", async () => {
    const { code, out } = await runHere(`ping ${await echo()} -n 2 --command Echo text=hi count=3`);
    expect(code).toBe(0);
    expect(out).toMatch(/^1: connect .*\n2: connect /);
    expect(asked).toEqual(["hi 3", "hi 3"]);
  });

  test("ping --command --schema checks the arguments", async () => {
    const at = await echo();
    const schema = scratchPath("echo.mjs");
    writeFileSync(
      schema,
      `import { command, integer, unicode } from "ampwire";
export const Echo = command("Echo", { arguments: { text: unicode(), count: integer() }, response: { text: unicode() } });`,
    );
    const typed = `ping ${at} -n 1 --schema ${schema} --command Echo`;
    expect((await ampwire(`${typed} text=hi count=3`)).code).toBe(0);
    const { code, err } = await ampwire(`${typed} text=hi count=three`);
    expect({ code, asked }).toEqual({ code: 2, asked: ["hi 3"] });
    expect(err).toMatch(/^ampwire: Echo: count: /);
  });

  test("ping --command fails if the peer answers with an error", async () => {
    const { code, err } = await runHere(`ping ${await echo()} --command Echo text=hi count=-1`);
    expect({ code, err }).toEqual({ code: 1, err: "ampwire: Echo: BAD: negative\n" });
    expect((await runHere(`ping ${await echo()} --command Nothing`)).err).toMatch(/^ampwire: .*Nothing/);
  });

  test.each([
    ["--schema x.ts", /^ampwire: ping: --schema needs --command/],
    ["a=1", /^ampwire: ping: unexpected operand "a=1"/],
    ["--command StartTLS", /^ampwire: ping: StartTLS cannot be called by name/],
  ])("ping %s is a usage error", async (typed, message) => {
    const { code, err } = await runHere(`ping tcp://127.0.0.1:1 ${typed}`);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });
});

describe("ping --once", () => {
  async function served(options: Partial<ListenOptions> = {}): Promise<string> {
    const server = await listen({ port: 0, host: "127.0.0.1", locator: locator(health()), ...options });
    onTestFinished(() => server.destroy());
    return `tcp://127.0.0.1:${server.address().port}`;
  }

  test.each([
    [true, 0, "SERVING\n"],
    [false, 1, "NOT_SERVING\n"],
  ])(
    "ping --once prints the health of a server, and fails if it does not serve: %s",
    async (serves, code, out) => {
      const at = await served({ locator: locator(health(() => serves)) });
      expect(await runHere(`ping ${at} --once`)).toEqual({ code, out, err: "" });
    },
  );

  test("ping --once --service asks for the health of one service", async () => {
    const at = await served({ locator: locator(health((service) => service === "calc")) });
    expect((await runHere(`ping ${at} --once --service calc`)).code).toBe(0);
    expect((await runHere(`ping ${at} --once --service mail`)).out).toBe("NOT_SERVING\n");
    expect((await runHere(`ping ${at} --once`)).out).toBe("NOT_SERVING\n");
  });

  test.each([{ locator: locator() }, { requireTLS: true }])(
    "ping --once counts any other answer as healthy: %o",
    async (options) => {
      const { code, out } = await runHere(`ping ${await served(options)} --once --json`);
      expect(code).toBe(0);
      expect(JSON.parse(out)).toEqual({
        status: "UNKNOWN",
        connect: expect.any(Number),
        call: expect.any(Number),
      });
    },
  );

  test("ping --once fails if no process listens", async () => {
    expect(await runHere("ping tcp://127.0.0.1:1 --once")).toMatchObject({ code: 1, out: "" });
  });

  test("ping --proxy-protocol reaches a server behind a balancer, also with TLS from the first byte", async () => {
    const { server: localCertificate } = await testCertificates();
    const proxyProtocol = { from: ["127.0.0.1"] };
    const at = await served({ proxyProtocol });
    expect(await runHere(`ping ${at} --once --proxy-protocol`)).toMatchObject({ code: 0, out: "SERVING\n" });
    expect((await runHere(`ping ${at} --once`)).code).toBe(1);
    const secure = await served({ proxyProtocol, implicitTLS: true, tls: { localCertificate } });
    const typed = `ping ${secure.replace("tcp:", "tls:")} --once --proxy-protocol --insecure`;
    expect(await runHere(typed)).toMatchObject({ code: 0, out: "SERVING\n" });
  });

  test("ping --once --command calls that command instead", async () => {
    const { code, out } = await runHere(`ping ${await served()} --once --command ampwire.Health`);
    expect(code).toBe(0);
    expect(out).toMatch(/^1: connect .* ms, call .* ms\n$/);
  });

  test.each([
    ["--once -n 2", /--once conflicts with -n/],
    ["--service a", /--service needs --once/],
    ["--once --service a --command B", /--service needs --once without --command/],
  ])("ping %s is a usage error", async (typed, message) => {
    const { code, err } = await runHere(`ping tcp://127.0.0.1:1 ${typed}`);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });
});

test("percentiles are measured values, by nearest rank", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(summarise(hundred)).toEqual({ min: 1, p50: 50, p90: 90, p99: 99, max: 100 });
  expect(summarise([3])).toEqual({ min: 3, p50: 3, p90: 3, p99: 3, max: 3 });
});
