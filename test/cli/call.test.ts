/** `ampwire call` against a live Twisted: plain, with a schema, inside TLS. */
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

/** What Twisted serves, as JavaScript: TypeScript takes most of a second to load, and is what module.test.ts is about. */
const SCHEMA = scratchPath("commands.mjs");
const { code: schema } = transformSync(readFileSync("test/support/commands.ts", "utf8"), { loader: "ts" });
writeFileSync(SCHEMA, schema);

const servers: TwistedServer[] = [];
afterAll(() => Promise.all(servers.map((server) => server[Symbol.asyncDispose]())));

/** For all tests. @returns its address, as the command takes it */
async function twisted(options: ServerOptions = {}): Promise<string> {
  const server = await twistedServer(options);
  servers.push(server);
  const { address } = server;
  return "path" in address ? `unix:${address.path}` : `tcp://${address.host}:${address.port}`;
}

describe("ampwire call of a command that demands TLS", () => {
  test.each(["Asked", "Asked --no-answer", "Told"])("%s: nothing is sent in plaintext", async (words) => {
    const [name = "", ...flags] = words.split(" ");
    const module = scratchPath("demanding.mjs");
    writeFileSync(
      module,
      `import { command, unicode } from "ampwire";
       const fields = { arguments: { text: unicode() }, requireTLS: true };
       export const Asked = command("Asked", fields);
       export const Told = command("Told", { ...fields, requiresAnswer: false });`,
    );
    const { port, next } = await rawServer();
    const peer = next().then((socket) => new RawPeer(socket));
    const outcome = await ampwire(
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

  test("prints an answer's values as text, one a line, and binary as hex", async () => {
    expect(await ampwire(`call ${at} Sum a=13 b=81`)).toEqual({ code: 0, out: "total=94\n", err: "" });
    const echoed = await ampwire(`call ${at} raw z=1 data:={"hex":"00ff"} a=1`);
    expect(echoed).toEqual({ code: 0, out: "a=1\ndata=0x00ff\nz=1\n", err: "" });
  });

  test("prints JSON", async () => {
    const { out } = await ampwire(`call ${at} raw data:={"hex":"00ff"} text=é --json`);
    expect(out).toBe('{"data":{"hex":"00ff"},"text":"é"}\n');
  });

  test("goes over a UNIX socket, and takes values from files", async () => {
    const file = scratchPath("bytes");
    writeFileSync(file, Uint8Array.of(1, 2, 254));
    const place = await twisted({ path: scratchPath("socket") });
    expect((await ampwire(`call ${place} EchoString value=@${file}`)).out).toBe("value=0x0102fe\n");
  });

  test("takes values of every type as a schema says", async () => {
    const schema = ["--schema", SCHEMA, "--json"];
    const call = async (...words: string[]) =>
      JSON.parse((await runCommand(["call", at, ...words, ...schema])).out);
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

  test("checks values before anything is sent", async () => {
    // Nobody is there to be asked.
    const { code, err } = await ampwire(`call tcp://127.0.0.1:1 Sum a=13 b=x --schema ${SCHEMA}`);
    expect(code).toBe(2);
    expect(err).toMatch(/^ampwire: Sum: b: not an integer: "x" \(it is of AMP's type BigInteger\)\n$/);
    const unknown = await ampwire(`call tcp://127.0.0.1:1 Summ --schema ${SCHEMA}`);
    expect(unknown.code).toBe(2);
    expect(unknown.err).toMatch(/^ampwire: the schema has no command "Summ" \(it has .*Sum, /);
  });

  test("fails with the error's code, declared or not", async () => {
    const divided = "ampwire: ZERO_DIVISION: division by zero\n";
    const plain = await ampwire(`call ${at} Divide numerator=1 denominator=0`);
    expect(plain).toEqual({ code: 1, out: "", err: divided });
    expect(await ampwire(`call ${at} Divide numerator=1 denominator=0 --schema ${SCHEMA}`)).toEqual(plain);
    const json = await ampwire(`call ${at} Divide numerator=1 denominator=0 --schema ${SCHEMA} --json`);
    expect(JSON.parse(json.err).error.code).toBe("ZERO_DIVISION");
    const unknown = await ampwire(`call ${at} Nope`);
    expect(unknown.code).toBe(1);
    expect(unknown.err).toMatch(/Unhandled Command: b'Nope' \(the peer has no responder of that name/);
  });

  test("gives up after --timeout", async () => {
    const { code, err } = await ampwire(`call ${at} Slow milliseconds=20000 --timeout 0.2`);
    expect(code).toBe(1);
    expect(err).toMatch(/\(--timeout SECONDS waits longer\)$/m);
  });

  test("wants no answer with --no-answer, or where the schema says so", async () => {
    expect(await ampwire(`call ${at} FailUndeclared message=x --no-answer`)).toEqual({
      code: 0,
      out: "",
      err: "",
    });
    expect(await ampwire(`call ${at} Notify message=x --schema ${SCHEMA}`)).toEqual({
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

    test("says with -v what was negotiated, and who the peer is", async () => {
      const files = `--ca ${certificateFile([known.authority])} --cert ${certificateFile([known.client])}`;
      const { code, out, err } = await ampwire(`call ${mutual} WhoAmI --starttls ${files} -v`);
      expect(code).toBe(0);
      expect(out).toMatch(/^peerCommonName=client\nsecure=True\ntlsVersion=TLSv1\.3\n$/);
      expect(err).toMatch(/^TLSv1\.3 TLS_\w+, peer CN=calc\.example, issued by CN=Test CA, verified\n$/);
    });

    test("verifies the peer, unless it is told not to", async () => {
      const unknown = await ampwire(`call ${verified} Sum a=13 b=81 --starttls`);
      expect(unknown.code).toBe(1);
      expect(unknown.err).toMatch(
        /^ampwire: the peer's certificate \(CN=calc\.example.*\(--ca FILE names the authority/,
      );
      const ca = certificateFile([known.authority]);
      const other = await ampwire(
        `call ${verified} Sum a=13 b=81 --starttls --ca ${ca} --server-name other.example`,
      );
      expect(other.code).toBe(1);
      expect(other.err).toMatch(/it is not for other\.example/);
      for (const flags of ["--insecure", `--ca ${ca}`, `--ca ${ca} --server-name calc.example`]) {
        expect(await ampwire(`call ${verified} Sum a=13 b=81 --starttls ${flags}`)).toMatchObject({
          code: 0,
          out: "total=94\n",
        });
      }
    });

    test("an extension of it is called by its name", async () => {
      const ca = certificateFile([known.authority]);
      const started = await ampwire(
        `call ${verified} SecureStart token=sesame --schema ${SCHEMA} --ca ${ca} -v`,
      );
      expect(started.code).toBe(0);
      expect(started.err).toMatch(/^TLSv1\.3 .*, verified\n/);
      const refused = await ampwire(`call ${verified} SecureStart token=x --schema ${SCHEMA} --ca ${ca}`);
      expect(refused.code).toBe(1);
    });
  });
});
