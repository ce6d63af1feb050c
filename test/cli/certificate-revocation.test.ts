/** `ampwire certificate revoke` and `crl`, `--crl`, `--usage`, and encrypted private keys. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PrivateCertificate } from "ampwire/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCommand } from "./command-process.ts";
import { runHere } from "./run-here.ts";

const cwd = mkdtempSync(join(tmpdir(), "ampwire-revocation-"));
afterAll(() => rmSync(cwd, { recursive: true }));
const run = (typed: string, env = {}) => runHere(typed, { cwd, env });
const path = (name: string) => join(cwd, name);

beforeAll(async () => {
  await run("certificate authority");
  await run("certificate issue server --host 127.0.0.1");
  await run("certificate issue alice");
  await run("certificate issue mallory");
});

describe("a revocation list", () => {
  test("a server with --crl refuses a revoked client, and serves another one", async () => {
    const empty = await run("certificate crl");
    expect(empty).toEqual({ code: 0, out: "authority-crl.pem: revocation list, for peers\n", err: "" });
    const revoked = await run("certificate revoke mallory.pem");
    expect(revoked).toEqual({ code: 0, out: "authority-crl.pem: revoked CN=mallory\n", err: "" });
    expect((await run("certificate crl --days 7 --json")).out).toBe('{"crl":"authority-crl.pem"}\n');

    const files = ["--cert", "server.pem", "--ca", "authority.pem", "--crl", "authority-crl.pem"];
    const tls = files.map((word) => (word.startsWith("--") ? word : path(word)));
    const server = await startCommand(
      "serve",
      "--demo",
      "--listen",
      "tcp://127.0.0.1:0",
      ...tls,
      "--require-tls",
    );
    const [, at] = await server.output(/^listening on (.*)$/m);
    const call = (name: string) =>
      run(`call ${at} Sum a=1 b=2 --starttls --ca authority.pem --crl authority-crl.pem --cert ${name}.pem`);
    expect(await call("alice")).toEqual({ code: 0, out: "total=3\n", err: "" });
    const refused = await call("mallory");
    expect([refused.code, refused.out]).toEqual([1, ""]);
    expect(refused.err).toMatch(/refused this end's certificate \(CN=mallory/);
  });

  test("a client with --crl refuses a revoked server", async () => {
    await run("certificate authority other");
    await run("certificate issue bad --host 127.0.0.1 --authority other-key.pem");
    expect((await run("certificate revoke bad.pem --authority other-key.pem")).out).toContain(
      "other-crl.pem",
    );
    const tls = ["--cert", path("bad.pem")];
    const server = await startCommand("serve", "--demo", "--listen", "tcp://127.0.0.1:0", ...tls);
    const [, at] = await server.output(/^listening on (.*)$/m);
    const call = `call ${at} Sum a=1 b=2 --starttls --ca other.pem`;
    expect((await run(call)).out).toBe("total=3\n");
    const refused = await run(`${call} --crl other-crl.pem`);
    expect(refused.code).not.toBe(0);
    expect(refused.err).toMatch(/CN=bad.* is not trusted: it or a CA in its chain was revoked/);
  });

  test("only the CA that issued a certificate can revoke it", async () => {
    await run("certificate authority stranger");
    const { code, err } = await run("certificate revoke alice.pem --authority stranger-key.pem");
    expect([code, err]).toEqual([1, expect.stringContaining("it was not issued by CN=stranger")]);
    expect((await run("certificate crl --authority missing.pem")).code).toBe(2);
    expect((await run("serve --demo --listen tcp://127.0.0.1:0 --crl authority-crl.pem")).err).toMatch(
      /--crl needs --ca/,
    );
  });
});

describe("certificate issue --usage", () => {
  test("certificate issue makes a certificate for the requested role", async () => {
    expect((await run("certificate issue proxy --host 127.0.0.1 --usage both")).code).toBe(0);
    const usage = (name: string) =>
      PrivateCertificate.loadPEM(readFileSync(path(`${name}.pem`))).x509.keyUsage;
    expect(usage("proxy")).toHaveLength(2);
    expect(usage("server")).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(usage("alice")).toEqual(["1.3.6.1.5.5.7.3.2"]);
    expect((await run("certificate issue x --usage mail")).err).toMatch(
      /--usage "mail" must be server, client or both/,
    );
  });
});

describe("an encrypted private key", () => {
  beforeAll(() => {
    for (const name of ["server", "authority-key"]) {
      const { privateKey, ...certificate } = load(`${name}.pem`);
      const cipher = { cipher: "aes-256-cbc", passphrase: "open sesame" };
      const key = privateKey.export({ type: "pkcs8", format: "pem", ...cipher });
      writeFileSync(path(`locked-${name}.pem`), `${certificate.pem}${key}`);
    }
    writeFileSync(path("passphrase"), "open sesame\n");
  });
  const load = (name: string) => {
    const loaded = PrivateCertificate.loadPEM(readFileSync(path(name)));
    return { privateKey: loaded.privateKey, pem: loaded.toPEM() };
  };
  const ISSUE = "certificate issue --authority locked-authority-key.pem";

  test("a key opens with --passphrase-file and with AMPWIRE_PASSPHRASE", async () => {
    expect((await run(`${ISSUE} one --passphrase-file passphrase`)).code).toBe(0);
    expect((await run(`${ISSUE} two`, { AMPWIRE_PASSPHRASE: "open sesame" })).code).toBe(0);
    const server = ["--cert", path("locked-server.pem"), "--passphrase-file", path("passphrase")];
    const serving = await startCommand("serve", "--demo", "--listen", "tcp://127.0.0.1:0", ...server);
    const [, at] = await serving.output(/^listening on (.*)$/m);
    const called = await run(`call ${at} Sum a=1 b=2 --starttls --ca authority.pem`);
    expect(called).toEqual({ code: 0, out: "total=3\n", err: "" });
  });

  test("a missing or wrong passphrase is reported", async () => {
    const missing = await run(`${ISSUE} three`);
    expect(missing).toEqual({
      code: 2,
      out: "",
      err: expect.stringMatching(/the private key is encrypted.*--passphrase-file FILE.*AMPWIRE_PASSPHRASE/),
    });
    const wrong = await run(`${ISSUE} three`, { AMPWIRE_PASSPHRASE: "wrong" });
    expect([wrong.code, wrong.err]).toEqual([
      1,
      expect.stringContaining("the passphrase does not decrypt the key"),
    ]);
  });
});
