/** `ampwire call` against a live Twisted: in plaintext, with a schema, inside TLS. */
import { readFileSync, writeFileSync } from "node:fs";
import { transformSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestCertificates, testCertificates } from "../support/certificates.ts";
import { rawServer } from "../support/loopback.ts";
import { RawPeer } from "../support/raw-peer.ts";
import { certificateFile, scratchPath } from "../support/tls-side.ts";
import {
  describeWithTwisted,
  type ServerOptions,
  type TwistedServer,
  twistedServer,
} from "../support/twisted.ts";
import { ampwire, runCommand } from "./run-command.ts";
import { runHere } from "./run-here.ts";

/** The commands that Twisted serves, as JavaScript. Loading TypeScript takes most of a second; module.test.ts tests it. */
const SCHEMA = scratchPath("commands.mjs");
const { code: schema } = transformSync(readFileSync("test/support/commands.ts", "utf8"), { loader: "ts" });
writeFileSync(SCHEMA, schema);

/**
 * Runs the command, in this process if it can: here the module of a schema would have another copy of the package than the
 * command.
 */
const run = (typed: string) => (typed.includes("--schema") ? ampwire(typed) : runHere(typed));

const servers: TwistedServer[] = [];
afterAll(() => Promise.all(servers.map((server) => server[Symbol.asyncDispose]())));

/** Starts a Twisted for all tests. @returns its address for the command line */
async function twisted(options: ServerOptions = {}): Promise<string> {
  const server = await twistedServer(options);
  servers.push(server);
  const { address } = server;
  return "path" in address ? `unix:${address.path}` : `tcp://${address.host}:${address.port}`;
}

describe("ampwire call of a command that requires TLS", () => {
  test.each(["Asked", "Asked --no-answer", "Sent"])("%s sends nothing in plaintext", async (typed) => {
    const [name = "", ...flags] = typed.split(" ");
    const module = scratchPath("demanding.mjs");
    writeFileSync(
      module,
      `import { command, unicode } from "ampwire";
       const fields = { arguments: { text: unicode() }, requireTLS: true };
       export const Asked = command("Asked", fields);
       export const Sent = command("Sent", { ...fields, requiresAnswer: false });`,
    );
    const { port, next } = await rawServer();
    const peer = next().then((socket) => new RawPeer(socket));
    const outcome = await run(
      ["call", `tcp://127.0.0.1:${port}`, name, "text=secret", "--schema", module, ...flags].join(" "),
    );
    expect(outcome.code).toBe(1);
    expect(outcome.err).toMatch(/may not be sent in plaintext: start TLS first \(--starttls/);
    await (await peer).closed;
    expect((await peer).received.toString("latin1")).toBe("");
  });
});

describeWithTwisted("ampwire call to Twisted", () => {
  let at = "";
  beforeAll(async () => {
    at = await twisted();
  });

  test("an answer is printed with one value a line, binary data as hex", async () => {
    expect(await run(`call ${at} Sum a=13 b=81`)).toEqual({ code: 0, out: "total=94\n", err: "" });
    const echoed = await run(`call ${at} raw z=1 data:={"hex":"00ff"} a=1`);
    expect(echoed).toEqual({ code: 0, out: "a=1\ndata=0x00ff\nz=1\n", err: "" });
  });

  test("an answer is printed as JSON with --json", async () => {
    const { out } = await run(`call ${at} raw data:={"hex":"00ff"} text=é --json`);
    expect(out).toBe('{"data":{"hex":"00ff"},"text":"é"}\n');
  });

  test("a call over a UNIX socket sends values from files", async () => {
    const file = scratchPath("bytes");
    writeFileSync(file, Uint8Array.of(1, 2, 254));
    const place = await twisted({ path: scratchPath("socket") });
    expect((await run(`call ${place} EchoString value=@${file}`)).out).toBe("value=0x0102fe\n");
  });

  test("a schema converts values of every type", async () => {
    const schema = ["--schema", SCHEMA, "--json"];
    const call = async (...args: string[]) =>
      JSON.parse((await runCommand(["call", at, ...args, ...schema])).out);
    const big = "340282366920938463463374607431768211455";
    const moment = "2024-02-29T23:59:59.000001+05:30";
    const rows = [
      { id: 1, name: "a" },
      { id: 2, name: "b", score: 0.5 },
    ];
    const cases: [command: string, typed: string, value: unknown][] = [
      ["EchoInteger", `value=${big}`, big],
      ["EchoBoolean", "value=true", true],
      ["EchoFloat", "value:=1e400", "inf"],
      ["EchoDecimal", "value=1.00", "1.00"],
      ["EchoDateTime", `value=${moment}`, moment],
      ["EchoAmpList", `value:=${JSON.stringify(rows)}`, rows.map((row) => ({ ...row, id: String(row.id) }))],
      ["EchoListOfListOfUnicode", 'value:=[["a"],[]]', [["a"], []]],
    ];
    const answers = await Promise.all(cases.map(([command, typed]) => call(command, typed)));
    expect(answers).toEqual(cases.map(([, , value]) => ({ value })));
  });

  test("a response that does not fit the schema is reported with a hint", async () => {
    const module = scratchPath("other-response.mjs");
    writeFileSync(
      module,
      `import { command, integer } from "ampwire";
       export const Sum = command("Sum", { arguments: { a: integer(), b: integer() }, response: { sum: integer() } });`,
    );
    const { code, err } = await run(`call ${at} Sum a=13 b=81 --schema ${module}`);
    expect(code).toBe(1);
    expect(err).toBe(
      'ampwire: response of Sum: "sum" is missing (compare the schema with the commands of the peer)\n',
    );
  });

  test("values are checked before the client connects", async () => {
    // No server listens at this address.
    const { code, err } = await run(`call tcp://127.0.0.1:1 Sum a=13 b=x --schema ${SCHEMA}`);
    expect(code).toBe(2);
    expect(err).toMatch(/^ampwire: Sum: b: not an integer: "x" \(its type is BigInteger\)\n$/);
    const unknown = await run(`call tcp://127.0.0.1:1 Summ --schema ${SCHEMA}`);
    expect(unknown.code).toBe(2);
    expect(unknown.err).toMatch(/^ampwire: the schema has no command "Summ" \(it has .*Sum, /);
  });

  test("a failed call prints the error code, declared or not", async () => {
    const divided = "ampwire: Divide: ZERO_DIVISION: division by zero\n";
    const plain = await run(`call ${at} Divide numerator=1 denominator=0`);
    expect(plain).toEqual({ code: 1, out: "", err: divided });
    expect(await run(`call ${at} Divide numerator=1 denominator=0 --schema ${SCHEMA}`)).toEqual(plain);
    const json = await run(`call ${at} Divide numerator=1 denominator=0 --schema ${SCHEMA} --json`);
    expect(JSON.parse(json.err).error.code).toBe("ZERO_DIVISION");
    const unknown = await run(`call ${at} Nope`);
    expect(unknown.code).toBe(1);
    expect(unknown.err).toMatch(/Unhandled Command: b'Nope' \(the peer has no responder with this name/);
  });

  test("a call times out after --timeout", async () => {
    const { code, err } = await run(`call ${at} Slow milliseconds=20000 --timeout 0.2`);
    expect(code).toBe(1);
    expect(err).toMatch(/\(--timeout SECONDS sets a longer timeout\)$/m);
  });

  test("no answer is requested with --no-answer, or if the schema requests none", async () => {
    expect(await run(`call ${at} FailUndeclared message=x --no-answer`)).toEqual({
      code: 0,
      out: "",
      err: "",
    });
    expect(await run(`call ${at} Notify message=x --schema ${SCHEMA}`)).toEqual({
      code: 0,
      out: "",
      err: "",
    });
  });

  describe("with StartTLS", () => {
    let known: TestCertificates;
    let verified = "";
    let mutual = "";
    beforeAll(async () => {
      known = await testCertificates();
      const { server: certificate, authority } = known;
      verified = await twisted({ certificate });
      mutual = await twisted({ certificate, authorities: [authority] });
    });

    test("-v prints the TLS session and the certificate of the peer", async () => {
      const files = `--ca ${certificateFile([known.authority])} --cert ${certificateFile([known.client])}`;
      const { code, out, err } = await run(`call ${mutual} WhoAmI --starttls ${files} -v`);
      expect(code).toBe(0);
      expect(out).toMatch(/^peerCommonName=client\nsecure=True\ntlsVersion=TLSv1\.3\n$/);
      expect(err).toMatch(/^TLSv1\.3 TLS_\w+, peer CN=calc\.example, issued by CN=Test CA, verified\n$/);
    });

    test("the peer is verified unless --insecure is set", async () => {
      const unknown = await run(`call ${verified} Sum a=13 b=81 --starttls`);
      expect(unknown.code).toBe(1);
      expect(unknown.err).toMatch(
        /^ampwire: StartTLS: the peer's certificate \(CN=calc\.example.*\(--ca FILE sets the CA/,
      );
      const ca = certificateFile([known.authority]);
      const other = await run(
        `call ${verified} Sum a=13 b=81 --starttls --ca ${ca} --server-name other.example`,
      );
      expect(other.code).toBe(1);
      expect(other.err).toMatch(/it is not for other\.example/);
      for (const flags of ["--insecure", `--ca ${ca}`, `--ca ${ca} --server-name calc.example`]) {
        expect(await run(`call ${verified} Sum a=13 b=81 --starttls ${flags}`)).toMatchObject({
          code: 0,
          out: "total=94\n",
        });
      }
    });

    test("an extension of StartTLS is called by its name", async () => {
      const ca = certificateFile([known.authority]);
      const started = await run(`call ${verified} SecureStart token=sesame --schema ${SCHEMA} --ca ${ca} -v`);
      expect(started.code).toBe(0);
      expect(started.err).toMatch(/^TLSv1\.3 .*, verified\n/);
      const refused = await run(`call ${verified} SecureStart token=x --schema ${SCHEMA} --ca ${ca}`);
      expect(refused.code).toBe(1);
    });
  });
});
