/** Errors of the operating system are explained: what failed, and what to do. */
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listen } from "ampwire/node";
import { describe, expect, onTestFinished, test } from "vitest";
import { toCliError, UsageError } from "../../src/cli/cli-error.ts";
import { listenFailure } from "../../src/cli/net/listen-failure.ts";
import { readFailure } from "../../src/cli/read-failure.ts";
import { ConnectFailed } from "../../src/index.ts";
import { testCertificates } from "../support/certificates.ts";
import { scratchPath } from "../support/tls-side.ts";
import { unixPlace } from "../support/unix-place.ts";
import { startCommand } from "./command-process.ts";
import { runHere } from "./run-here.ts";

const { server: localCertificate } = await testCertificates();

/** An error as Node throws it. */
function systemError(code: string, text = `connect ${code}`): Error {
  return Object.assign(new Error(text), { code });
}

describe("an error of the system when a connection is opened", () => {
  test("a name with several addresses shows the reason of each", () => {
    const refused = systemError("ECONNREFUSED", "connect ECONNREFUSED ::1:1");
    const unreachable = systemError("ENETUNREACH", "connect ENETUNREACH 192.0.2.1:1");
    const cause = Object.assign(new AggregateError([refused, unreachable, refused]), {
      code: "ECONNREFUSED",
    });
    const reasons = "connect ECONNREFUSED ::1:1; connect ENETUNREACH 192.0.2.1:1";
    for (const error of [cause, new ConnectFailed("cannot connect to h:1: ", { cause })]) {
      const { message } = toCliError(error);
      expect(message).toBe(error === cause ? reasons : `cannot connect to h:1: ${reasons}`);
    }
    expect(toCliError(new ConnectFailed("cannot connect", { cause })).hint).toMatch(/^no process listens/);
  });

  test.each([
    ["ENOTFOUND", /^the host name is unknown/],
    ["ECONNREFUSED", /^no process listens at this address/],
    ["ENOENT", /^there is no socket at this path/],
    ["EACCES", /^no permission to use this socket/],
    ["EAI_AGAIN", /^the name server did not answer/],
    ["ETIMEDOUT", /^the host did not answer/],
    ["EOTHER", /^check that a server listens/],
  ])("%s has a hint of its own", (code, hint) => {
    const error = new ConnectFailed("cannot connect", { cause: systemError(code) });
    expect(toCliError(error).hint).toMatch(hint);
  });

  test("a missing UNIX socket is explained", async () => {
    const { code, err } = await runHere("call unix:/nowhere/socket Sum");
    expect(code).toBe(1);
    expect(err).toMatch(/ENOENT .*\(there is no socket at this path: start the server, or check the path\)/);
  });
});

describe("an address that is in use", () => {
  test("a UNIX socket at which a process listens is named as such", async () => {
    const path = unixPlace();
    const server = createServer().listen(path);
    onTestFinished(() => void server.close());
    const { code, err } = await runHere(`proxy --listen unix:${path} --to unix:/nowhere`);
    expect(code).toBe(1);
    expect(err).toMatch(
      /^ampwire: cannot listen at unix:\S+: listen EADDRINUSE: .*\(a process listens at this socket/,
    );
  });

  test("a UNIX socket that a process left behind is named as such", async () => {
    const path = unixPlace();
    const server = await startCommand("proxy", "--listen", `unix:${path}`, "--to", "unix:/nowhere");
    await server.errors(/listening on/);
    server.signal("SIGKILL");
    await server.exited;
    expect(existsSync(path)).toBe(true);
    const { code, err } = await runHere(`proxy --listen unix:${path} --to unix:/nowhere`);
    expect(code).toBe(1);
    expect(err).toMatch(/EADDRINUSE.*\(no process listens at this socket: remove the file\)$/m);
  });

  test("a folder that does not exist is named as such, not as one without permission", async () => {
    const path = join(scratchPath("missing"), "a.socket");
    const { err } = await runHere(`proxy --listen unix:${path} --to unix:/nowhere`);
    expect(err).toMatch(/missing does not exist: create it\)$/m);
  });

  test("a file that is not a socket is named as such", async () => {
    const path = scratchPath("not-a-socket");
    writeFileSync(path, "");
    const { err } = await runHere(`proxy --listen unix:${path} --to unix:/nowhere`);
    expect(err).toMatch(/\(a file with this name exists and is not a socket: choose another path\)$/m);
  });

  test("a port at which another process listens is named", async () => {
    await using server = await listen({ host: "127.0.0.1", port: 0 });
    const { port } = server.address();
    const { code, err } = await runHere(`serve --demo --listen tcp://127.0.0.1:${port}`);
    expect(code).toBe(1);
    expect(err).toMatch(
      new RegExp(`EADDRINUSE.*\\(another process listens at port ${port}: stop it, or choose`),
    );
  });

  test.each([
    [
      { kind: "unix", path: "/root/x" },
      "EACCES",
      "no permission to create a socket in /root: choose another folder",
    ],
    [{ kind: "unix", path: "/no/x" }, "ENOENT", "/no is not a folder: create it"],
    [
      { kind: "tcp", host: "h", port: 80 },
      "EACCES",
      "no permission to listen at port 80: choose a port from 1024 on",
    ],
    [
      { kind: "tcp", host: "192.0.2.1", port: 80 },
      "EADDRNOTAVAIL",
      "no network interface of this machine has this address",
    ],
  ] as const)("%j: %s has a hint of its own", async (address, code, hint) => {
    expect(await listenFailure(address, systemError(code))).toMatchObject({ code, hint });
  });

  test("an error that is not one of the system is not changed", async () => {
    const error = new UsageError("tls:// needs a certificate");
    expect(await listenFailure({ kind: "tcp", host: "h", port: 1 }, error)).toBe(error);
  });
});

describe("TLS", () => {
  test("tls:// to a server that expects StartTLS suggests --starttls", async () => {
    await using server = await listen({ host: "127.0.0.1", port: 0, tls: { localCertificate } });
    const { code, err } = await runHere(`call tls://127.0.0.1:${server.address().port} Sum --insecure`);
    expect(code).toBe(1);
    expect(err).toMatch(/\(if the server expects StartTLS, use tcp:\/\/ with --starttls\)$/m);
  });

  test("tls:// to a port at which no process listens does not suggest it", async () => {
    const { err } = await runHere("call tls://127.0.0.1:1 Sum --insecure");
    expect(err).toMatch(/ECONNREFUSED.*\(no process listens at this address/);
  });

  test.each(["call", "ping"])(
    "%s --starttls without --ca explains that only public CAs are trusted",
    async (name) => {
      await using server = await listen({ host: "127.0.0.1", port: 0, tls: { localCertificate } });
      const at = `tcp://127.0.0.1:${server.address().port}`;
      const { code, err } = await runHere(`${name} ${at} ${name === "call" ? "Sum " : ""}--starttls --json`);
      expect(code).toBe(1);
      expect(JSON.parse(err).error).toMatchObject({
        code: "PEER_VERIFY_ERROR",
        hint: "--ca FILE sets the CA; without it only public CAs are trusted; --insecure disables verification",
      });
      expect(err).not.toContain("more)"); // the list of the public CAs
    },
  );
});

describe("a file that the command line names", () => {
  const at = "tcp://127.0.0.1:1";
  const missing = join("/nowhere", "file");
  test.each([
    `call ${at} Sum --schema ${missing}`,
    `call ${at} Sum a=@${missing}`,
    `call ${at} Sum --starttls --ca ${missing}`,
    `ping ${at} --starttls --cert ${missing}`,
    `serve ${missing}`,
    `serve --demo --cert ${missing}`,
    `decode ${missing}`,
    `decode --schema ${missing}`,
    `proxy --listen ${at} --to ${at} --schema ${missing}`,
    `replay ${missing} --to ${at}`,
    `certificate show ${missing}`,
    `certificate issue x --authority ${missing}`,
    `import ${missing}.py`,
    `export ${missing}.ts`,
  ])("%s exits with 2 and names the missing file", async (typed) => {
    const { code, err } = await runHere(typed);
    expect(code).toBe(2);
    expect(err).toMatch(/cannot (?:read|find) \/nowhere\/file/);
  });

  test("an unreadable file and a folder have hints of their own", () => {
    expect(readFailure("x", systemError("EACCES"))).toMatchObject({
      hint: "no permission: check the mode and the owner of the file",
    });
    expect(readFailure("x", systemError("EISDIR")).hint).toBe("this is a folder: name a file");
  });

  test("a recording that cannot be written is named", async () => {
    const folder = scratchPath("read-only");
    writeFileSync(folder, "");
    chmodSync(folder, 0o400);
    const { code, err } = await runHere(`proxy --listen ${at} --to ${at} --record ${folder}/talk.jsonl`);
    expect(code).toBe(1);
    expect(err).toMatch(
      /^ampwire: cannot write \S+talk\.jsonl: ENOTDIR.*\(check the folder and its mode\)$/m,
    );
  });
});

test.each(["import", "export"])(
  "%s of a folder that is not a module names the folder and exits with 2",
  async (subcommand) => {
    const folder = mkdtempSync(join(tmpdir(), "folder"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const { code, err } = await runHere(`${subcommand} ${folder}`);
    expect(code).toBe(2);
    expect(err).toMatch(/(?:the folder has no __init__\.py|it is a folder) \(/);
  },
);
