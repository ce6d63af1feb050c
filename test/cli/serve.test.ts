/** `ampwire serve` with its clients. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { testCertificates } from "../support/certificates.ts";
import { certificateFile, scratchPath } from "../support/tls-side.ts";
import { describeWithTwisted, twistedRun } from "../support/twisted.ts";
import { unixPlace } from "../support/unix-place.ts";
import { type CommandRun, startCommand } from "./command-process.ts";
import { ampwire } from "./run-command.ts";
import { runHere } from "./run-here.ts";

const known = await testCertificates();
const ca = certificateFile([known.authority]);
const cert = certificateFile([known.server]);
const client = certificateFile([known.client]);

async function serving(typed: string): Promise<CommandRun & { readonly at: string }> {
  const run = await startCommand("serve", ...typed.split(" "));
  const [, at = ""] = await run.output(/^listening on (.*)$/m);
  return Object.assign(run, { at });
}

describe("ampwire serve", () => {
  test("--demo serves Sum and Divide", async () => {
    const { at } = await serving("--demo --listen tcp://127.0.0.1:0");
    expect((await runHere(`call ${at} Sum a=13 b=81`)).out).toBe("total=94\n");
    expect((await runHere(`call ${at} Divide numerator=1 denominator=2`)).out).toBe("result=0.5\n");
    expect((await runHere(`call ${at} Divide numerator=1 denominator=0`)).err).toBe(
      "ampwire: Divide: ZERO_DIVISION: float division by zero\n",
    );
  });

  test("serve finds responders, objects with amp_NAME methods, and locators in a module", async () => {
    const module = scratchPath("calculator.ts");
    writeFileSync(
      module,
      `import { command, integer, locator, type Box } from "ampwire";
       const Double = command("Double", { arguments: { n: integer() }, response: { n: integer() } });
       const Half = command("Half", { arguments: { n: integer() }, response: { n: integer() } });
       export const double = Double.responder(({ n }: { n: number }) => ({ n: 2 * n }));
       export default double;
       export const more = locator(Half.responder(({ n }) => ({ n: n / 2 })));
       export const raw = { amp_ECHO: (box: Box) => box };
       export const unrelated = { a: 1 };
       export type Nothing = never;`,
    );
    const { at } = await serving(`${module} --listen unix:${unixPlace()}`);
    expect(at).toMatch(/^unix:/);
    expect((await runHere(`call ${at} Double n=4`)).out).toBe("n=8\n");
    expect((await runHere(`call ${at} Half n=4`)).out).toBe("n=2\n");
    expect((await runHere(`call ${at} Echo a=1`)).out).toMatch(/^a=1$/m);
    expect((await runHere(`call ${at} Half n=3`)).code).toBe(1);
  });

  test("serve -v prints asks and failed responders on standard error", async () => {
    const server = await serving("--demo -v --listen tcp://127.0.0.1:0");
    await runHere(`call ${server.at} Sum a=13 b=81`);
    await server.errors(/^Sum: answered \(\d+\.\d ms\)$/m);
    await runHere(`call ${server.at} Sum a=13 b=x`);
    await server.errors(/^Sum: argument of Sum: "b": not an integer: "x"$/m);
  });

  test("serve truncates the name of an unknown command on standard error", async () => {
    const server = await serving("--demo -v --listen tcp://127.0.0.1:0");
    await runHere(["call", server.at, "N".repeat(10_000)]);
    await server.errors(/^N{200}… \(10000 characters\): /m);
    expect(server.stderr.length).toBeLessThan(3_000);
  });

  test("serve continues when the reader of standard error ends", async () => {
    const server = await serving("--demo -v --listen tcp://127.0.0.1:0");
    server.closeStderr();
    for (let n = 0; n < 3; n++) {
      expect((await runHere(`call ${server.at} Sum a=13 b=81`)).out).toBe("total=94\n");
    }
    server.signal("SIGTERM");
    expect(await server.exited).toBe(0);
  });

  test("serve exits with 0 at SIGINT", async () => {
    const server = await startCommand("serve", "--demo", "--listen", "tcp://127.0.0.1:0", "--json");
    const [line] = await server.output(/^.*\n/);
    expect(JSON.parse(line)).toEqual({ listening: expect.stringMatching(/^tcp:\/\/127\.0\.0\.1:\d+$/) });
    server.signal("SIGINT");
    expect(await server.exited).toBe(0);
  });

  test("serve fails if the port is in use, and if the module exports no responders", async () => {
    const { at } = await serving("--demo --listen tcp://127.0.0.1:0");
    const taken = await runHere(`serve --demo --listen ${at}`);
    expect(taken.code).toBe(1);
    expect(taken.err).toMatch(/EADDRINUSE/);
    const empty = scratchPath("empty.ts");
    writeFileSync(empty, "export const nothing: number = 1;\n");
    const { code, err } = await ampwire(`serve ${empty}`);
    expect(code).toBe(1);
    expect(err).toMatch(/exports no responders \(export Sum\.responder/);
  });
});

describe("ampwire serve behind a balancer", () => {
  test("serve answers ampwire.Health, unless the module has a responder of its own", async () => {
    const module = scratchPath("own-health.mjs");
    writeFileSync(module, `import { health } from "ampwire"; export const own = health(() => false);`);
    const { at } = await serving("--demo --listen tcp://127.0.0.1:0");
    expect(await runHere(`ping ${at} --once`)).toEqual({ code: 0, out: "SERVING\n", err: "" });
    const { at: own } = await serving(`${module} --listen tcp://127.0.0.1:0`);
    expect((await runHere(`ping ${own} --once`)).out).toBe("NOT_SERVING\n");
  });

  test("--proxy-from requires a PROXY header from these addresses", async () => {
    const server = await serving(
      "--demo --listen tcp://127.0.0.1:0 --proxy-from 10.0.0.0/8 --proxy-from 127.0.0.1",
    );
    expect((await runHere(`ping ${server.at} --once --proxy-protocol`)).out).toBe("SERVING\n");
    expect((await runHere(`call ${server.at} Sum a=13 b=81`)).code).toBe(1);
    await server.errors(/^the server: the connection from 127\.0\.0\.1 port \d+ was refused: /m);
    const wrong = await runHere("serve --demo --proxy-from example.org");
    expect(wrong.code).not.toBe(0);
    expect(wrong.err).toContain('"example.org" must be an IP address');
  });
});

describe("ampwire serve and TLS", () => {
  test("--require-tls with --ca requires mutual TLS", async () => {
    const { at } = await serving(`--demo --listen tcp://127.0.0.1:0 --cert ${cert} --ca ${ca} --require-tls`);
    const plain = await runHere(`call ${at} Sum a=13 b=81`);
    expect(plain).toMatchObject({ code: 1, out: "" });
    expect(plain.err).toMatch(/\(--starttls starts TLS before the call\)$/m);
    const anonymous = await runHere(`call ${at} Sum a=13 b=81 --starttls --ca ${ca}`);
    expect(anonymous).toMatchObject({ code: 1, out: "" });
    expect(anonymous.err).toMatch(/\(--cert FILE presents a certificate/);
    const both = await runHere(`call ${at} Sum a=13 b=81 --starttls --ca ${ca} --cert ${client}`);
    expect(both).toEqual({ code: 0, out: "total=94\n", err: "" });
  });

  test("serve and call use TLS from the first byte with tls://", async () => {
    const { at } = await serving(`--demo --listen tls://127.0.0.1:0 --cert ${cert} --ca ${ca} --require-tls`);
    const { code, out, err } = await runHere(`call ${at} Sum a=13 b=81 --ca ${ca} --cert ${client} -v`);
    expect({ code, out }).toEqual({ code: 0, out: "total=94\n" });
    expect(err).toMatch(/^TLSv1\.3 .* peer CN=calc\.example, issued by CN=Test CA, verified\n$/);
    const unknown = await runHere(`call ${at} Sum a=13 b=81`);
    expect(unknown.code).toBe(1);
    expect(unknown.err).toMatch(/\(--ca FILE sets the CA/);
    expect((await runHere(`call ${at} Sum a=13 b=81 --ca ${ca}`)).code).toBe(1);
  });
});

describeWithTwisted("Twisted and ampwire serve", () => {
  test("a Twisted client upgrades to TLS and makes all its calls", async () => {
    const module = scratchPath("peer.ts");
    const responders = join(process.cwd(), "test/support/responders.ts");
    writeFileSync(
      module,
      `import { peerLocator } from ${JSON.stringify(responders)};\nexport default peerLocator();\n`,
    );
    const { at } = await serving(`${module} --listen tcp://127.0.0.1:0 --cert ${cert}`);
    const address = { host: "127.0.0.1", port: Number(at.split(":").at(-1)) };
    const { outcome, failures } = await twistedRun("starttls", address, { authorities: [known.authority] });
    expect({ outcome, failures }).toEqual({ outcome: "ok", failures: [] });
  });
});
