/** The files that `ampwire certificate` writes: both or none, replaced in one step, and never changed by two processes at once. */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PrivateCertificate } from "ampwire/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runHere } from "./run-here.ts";

const cwd = mkdtempSync(join(tmpdir(), "ampwire-files-"));
afterAll(() => rmSync(cwd, { recursive: true }));
const run = (typed: string) => runHere(typed, { cwd });
const path = (name: string) => join(cwd, name);
const modeOf = (name: string) => statSync(path(name)).mode & 0o777;

beforeAll(async () => {
  await run("certificate authority");
  await run("certificate issue alice");
  await run("certificate issue bob");
});

describe("a file that exists", () => {
  test("a CA whose certificate file exists leaves no file with a key", async () => {
    writeFileSync(path("ca.pem"), "another certificate");
    const { code, err } = await run("certificate authority ca");
    expect({ code, err }).toEqual({
      code: 1,
      err: "ampwire: ca.pem already exists (--force overwrites it)\n",
    });
    expect(existsSync(path("ca-key.pem"))).toBe(false);
  });

  test.each(["certificate issue folder --force", "certificate authority folder --force"])(
    "%s does not change the mode of a folder with the name of the file",
    async (typed) => {
      for (const name of ["folder.pem", "folder-key.pem"]) {
        mkdirSync(path(name), { recursive: true });
        chmodSync(path(name), 0o755);
      }
      const { code, err } = await run(typed);
      expect(code).toBe(1);
      expect(err).toContain("(this is a folder: name a file)");
      expect([modeOf("folder.pem"), modeOf("folder-key.pem")]).toEqual([0o755, 0o755]);
    },
  );

  test("--force replaces the file to which a symbolic link points, and only its owner can read it", async () => {
    writeFileSync(path("target"), "before", { mode: 0o644 });
    symlinkSync("target", path("linked.pem"));
    expect((await run("certificate issue linked --force")).code).toBe(0);
    expect(readlinkSync(path("linked.pem"))).toBe("target");
    expect(readFileSync(path("target"), "utf8")).toContain("PRIVATE KEY");
    expect(modeOf("target")).toBe(0o600);
  });

  test("--force replaces a file in one step: a reader that has opened it still reads the old content", async () => {
    await run("certificate issue replaced");
    const { ino } = statSync(path("replaced.pem"));
    await run("certificate issue replaced --force");
    expect(statSync(path("replaced.pem")).ino).not.toBe(ino);
    expect(readdirSync(cwd).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test.each(["", "folder.pem/"])("%j is not a name for a certificate", async (name) => {
    for (const what of ["issue", "authority"]) {
      const { code, err } = await runHere(["certificate", what, name, "--common-name", "x"], { cwd });
      expect(code).toBe(2);
      expect(err).toContain(
        `ampwire: ${JSON.stringify(name)} is not the name of a file (NAME.pem is written)`,
      );
    }
  });
});

describe("the lock of a revocation list", () => {
  const lock = "authority-crl.pem.lock";

  test("a second process fails while the first one changes the list, and the list keeps both certificates", async () => {
    await run("certificate revoke alice.pem");
    const before = readFileSync(path("authority-crl.pem"), "utf8");
    writeFileSync(path(lock), String(process.pid));
    const refused = await run("certificate revoke bob.pem");
    expect(refused.code).toBe(1);
    expect(refused.err).toBe(
      `ampwire: authority-crl.pem is locked by another process (try again; if no such process runs, remove ${lock})\n`,
    );
    expect(readFileSync(path("authority-crl.pem"), "utf8")).toBe(before);
    rmSync(path(lock));
    expect((await run("certificate revoke bob.pem")).code).toBe(0);
    expect(existsSync(path(lock))).toBe(false);
  });

  test("the lock of a process that was killed is removed", async () => {
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    writeFileSync(path(lock), String(pid));
    expect((await run("certificate crl")).code).toBe(0);
    expect(existsSync(path(lock))).toBe(false);
  });

  test("a list that cannot be signed leaves no lock", async () => {
    await run("certificate authority other");
    const { code, err } = await run("certificate revoke other.pem");
    expect(code).toBe(1);
    expect(err).toContain("(--authority FILE names a CA with its private key)");
    expect(existsSync(path(lock))).toBe(false);
  });

  test("a malformed list is named, and not replaced", async () => {
    await run("certificate authority third");
    writeFileSync(path("third-crl.pem"), "garbage");
    const { code, err } = await run("certificate crl --authority third-key.pem");
    expect(code).toBe(1);
    expect(err).toMatch(
      /^ampwire: third-crl\.pem: .*\(ampwire certificate show third-crl\.pem describes the file\)\n$/,
    );
    expect(readFileSync(path("third-crl.pem"), "utf8")).toBe("garbage");
  });
});

test("control characters in the name of a file are escaped", async () => {
  const name = "red\u001b[31m";
  const issued = await runHere(["certificate", "issue", name, "--common-name", "x"], { cwd });
  expect(issued.out).toBe("red\\x1b[31m.pem: certificate and private key, issued by CN=authority\n");
  expect((await runHere(["certificate", "show", `${name}.pem`], { cwd })).out).not.toContain("\u001b");
});

describe("certificate show names the file", () => {
  test.each([
    ["CERTIFICATE", "contains a malformed certificate"],
    ["PRIVATE KEY", "contains a malformed private key"],
    ["X509 CRL", "contains a malformed revocation list"],
  ])("a malformed %s", async (label, message) => {
    writeFileSync(path("bad.pem"), `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`);
    const { code, err } = await run("certificate show bad.pem");
    expect(code).toBe(1);
    expect(err).toContain(`ampwire: bad.pem ${message} (`);
    expect(err).not.toContain("certificate show"); // the user has just run it
  });
});

describe("certificate show of a revocation list", () => {
  test("the issuer, the validity and the number of certificates are shown", async () => {
    await run("certificate authority lists");
    await run("certificate issue carol --authority lists-key.pem");
    await run("certificate revoke carol.pem --authority lists-key.pem --days 2");
    const { code, out } = await run("certificate show lists-crl.pem");
    expect(code).toBe(0);
    expect(out).toMatch(
      /^lists-crl\.pem: revocation list\n {2}issuer +CN=lists\n {2}valid from +\S+\n {2}valid to +\S+\n {2}valid +now\n {2}revoked +1\n$/,
    );
  });

  test("a list in DER is shown like the same list in PEM", async () => {
    const pem = readFileSync(path("lists-crl.pem"), "utf8");
    writeFileSync(path("lists.crl"), Buffer.from(pem.replace(/-----.*-----/g, ""), "base64"));
    const [der, text] = [
      await run("certificate show lists.crl --json"),
      await run("certificate show lists-crl.pem --json"),
    ];
    expect(JSON.parse(der.out)).toEqual({ ...JSON.parse(text.out), file: "lists.crl" });
  });

  test("an expired list is named as such", async () => {
    const ca = PrivateCertificate.loadPEM(readFileSync(path("lists-key.pem")));
    writeFileSync(path("old-crl.pem"), await ca.revocationList({ validForDays: 1 / 86_400_000 }));
    expect((await run("certificate show old-crl.pem")).out).toMatch(/^ {2}valid +expired$/m);
  });
});
