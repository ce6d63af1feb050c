/** Unusual command lines, addresses and files: each has an exit code, and an error that names the fix. */
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { addressText, parseAddress, socketText } from "../../src/cli/net/address.ts";
import { subcommands } from "../../src/cli/subcommands.ts";
import { PrivateCertificate } from "../../src/node/index.ts";
import { builtCommand } from "../support/built.ts";
import { runCommand } from "./run-command.ts";
import { runHere } from "./run-here.ts";

const place = mkdtempSync(join(tmpdir(), "ampwire-odd-"));
afterAll(() => rmSync(place, { recursive: true }));

function written(name: string, content: string | Uint8Array): string {
  const path = join(place, name);
  writeFileSync(path, content);
  return path;
}

const long = `unix:${"x".repeat(200)}`;

describe("an odd command line exits with 2 and names the fix", () => {
  test.each([
    ["cal", 'unknown subcommand "cal" (did you mean call?)'],
    ["Serve", 'unknown subcommand "Serve" (did you mean serve?)'],
    ["certificates", 'unknown subcommand "certificates" (did you mean certificate?)'],
    ["certificate isue", 'unknown subcommand "certificate isue" (did you mean certificate issue?)'],
    [
      "certificate list",
      'unknown subcommand "certificate list" (use certificate authority, certificate issue',
    ],
    ["authority", 'unknown subcommand "authority" (did you mean certificate authority?)'],
    ["record", 'unknown subcommand "record" (ampwire proxy --record FILE records traffic)'],
    ["-V", 'unknown subcommand "-V" (use ampwire --version)'],
    ["--timeout 3 call", 'unknown subcommand "--timeout" (write options after the subcommand)'],
    ["help cal", 'unknown subcommand "cal" (did you mean call?)'],
    [
      "call tcp://h:1 X --workers 2",
      "call: Unknown option '--workers' (--workers is an option of serve; see ampwire call --help)",
    ],
    [
      "replay x --affinity",
      "replay: Unknown option '--affinity' (--affinity is an option of edge; see ampwire",
    ],
    ["ping --timout=3", "ping: Unknown option '--timout' (did you mean --timeout? ampwire ping --help)"],
    [
      "ping tcp://h:1 -n -1",
      "ping: the option -n has no value (write -nVALUE if the value begins with a dash)",
    ],
    ["serve a.mjs --demo", "serve: MODULE and --demo exclude each other (use one of them)"],
    [
      "ping tcp://h:1 --timeout 3 --timeout=4",
      "ping: the option --timeout occurs twice (remove one of them)",
    ],
    [
      "ping tls://h:1 --ca a.pem --ca b.pem",
      "ping: the option --ca occurs twice (write all CAs into one file)",
    ],
    ["serve --demo --proxy-from x", '--proxy-from "x" must be an IP address, a network such as'],
    ["serve --demo --proxy-from ::1 --listen unix:a", '--proxy-from must contain "unix"'],
    ["certificate issue x --authority AUTHORITY --host a:1", "(--host takes a name or an IP address"],
    ["certificate authority --common-name=", "the common name must have 1 to 64 characters (--common-name"],
  ])("ampwire %s", async (typed, message) => {
    const authority = typed.includes("AUTHORITY") ? await caFile() : "";
    const { code, out, err } = await runHere(typed.replace("AUTHORITY", authority));
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(`ampwire: ${message}`.replace("ampwire: (", "("));
  });

  test("an option that may be repeated, and a boolean option, may occur twice", async () => {
    const { err } = await runHere("serve --demo --json --json --proxy-from ::1 --proxy-from x");
    expect(err).toContain("must be an IP address");
  });
});

describe("an odd address exits with 2 and names the fix", () => {
  test.each([
    ["tcp://h:0", "port 0 is for listening only (use the port"],
    ["tcp:127.0.0.1:1", "is not an address (use tcp://127.0.0.1:1)"],
    ["tls:/127.0.0.1:1", "is not an address (use tls://127.0.0.1:1)"],
    ["/run/a.sock", "is not an address (use unix:/run/a.sock)"],
    ["./a.sock", "is not an address (use unix:./a.sock)"],
    ["tcp://:1", "is not an address (name the host; 0.0.0.0 or [::] listens at all addresses)"],
    ["tcp://::1:1", "is not an address (write an IPv6 address in brackets: tcp://[::1]:PORT)"],
    ["tcp:// h:1", "is not an address (use tcp://HOST:PORT"],
    ["ws://h:1", "is not an address (the command line does not support WebSockets"],
    ["wss://h/path", "is not an address (the command line does not support WebSockets"],
    [
      "nats://u%zz:p@h:1/x",
      "the user or the password in the address of the NATS server is malformed (write % as %25)",
    ],
    [
      "nats://u:p%zz@h:1/x",
      "the user or the password in the address of the NATS server is malformed (write % as %25)",
    ],
    ["nats://u:secret@h:99999/x", '"nats://u:...@h:99999/x" is not the address of a NATS server'],
    ["nats://u:sec@ret@h:1/x?y", '"nats://u:...@h:1/x?y" is not the address of a NATS server'],
    ["NATS://h:1", "nats://h:1 has no service"],
    [long, "the path of the UNIX socket has 200 bytes; this system allows"],
  ])("%s", async (address, message) => {
    for (const start of ["call", "ping"]) {
      const { code, err } = await runHere([start, address, ...(start === "call" ? ["X"] : [])]);
      expect(code).toBe(2);
      expect(err).toContain(message);
    }
  });

  test.each([
    ["proxy", "--listen", long, "--to", "tcp://127.0.0.1:1"],
    ["proxy", "--listen", "tcp://127.0.0.1:0", "--to", long],
    ["serve", "--demo", "--listen", long],
    ["replay", "a.jsonl", "--to", long],
  ])("%s %s %s %s refuses a UNIX path that is too long", async (...args) => {
    const { code, err } = await runHere(args);
    expect(code).toBe(2);
    expect(err).toContain("the path of the UNIX socket has 200 bytes");
  });

  test("the scheme may have upper case, and the zone of an IPv6 address may be escaped", () => {
    expect(parseAddress("TCP://h:1")).toEqual({ kind: "tcp", host: "h", port: 1 });
    expect(parseAddress("UNIX:a.sock")).toEqual({ kind: "unix", path: "a.sock" });
    expect(parseAddress("tcp://[fe80::1%25eth0]:1")).toMatchObject({ host: "fe80::1%eth0" });
    expect(parseAddress("tcp://[fe80::1%eth0]:1")).toMatchObject({ host: "fe80::1%eth0" });
  });

  test("an IPv6 address is shown in brackets in errors", async () => {
    const { err } = await runHere("call tcp://[::1]:1 X");
    expect(err).toContain("ampwire: cannot connect to [::1]:1: ");
    expect(socketText({ host: "fe80::1%eth0", port: 5 })).toBe("[fe80::1%eth0]:5");
    expect(socketText({ host: "h", port: 5 })).toBe("h:5");
    expect(socketText({ path: "a:b" })).toBe("a:b");
  });

  test("the addresses in the examples of the help are valid", () => {
    let count = 0;
    for (const { examples } of subcommands) {
      for (const [command] of examples) {
        for (const [address] of command.matchAll(/\b(?:tcp|tls|unix):\S+/g)) {
          expect(addressText(parseAddress(address))).toBe(address);
          count++;
        }
      }
    }
    expect(count).toBeGreaterThan(10);
  });
});

async function caFile(): Promise<string> {
  const ca = await PrivateCertificate.authority({ commonName: "CA" });
  return written("ca-key.pem", ca.toPEMWithKey());
}

describe("an odd file is named, with the fix", () => {
  test.each(["--cert", "--ca", "--crl"])("%s of a file that is not PEM", async (option) => {
    const file = written("empty.pem", "\n");
    const ca = option === "--crl" ? ["--ca", await caFile()] : [];
    const { code, err } = await runHere(["serve", "--demo", ...ca, option, file]);
    expect(code).toBe(1);
    expect(err).toContain(`ampwire: ${file}: `);
    expect(err).toContain(`it is empty (ampwire certificate show ${file} describes the file)`);
  });

  test.each([
    ["serve", "--demo", "--cert"],
    ["certificate", "show"],
    ["certificate", "issue", "x", "--authority"],
    ["replay", "--to", "tcp://127.0.0.1:1"],
    ["decode"],
  ])("%s %s of a folder", async (...args) => {
    const { code, err } = await runHere([...args, place]);
    expect(code).toBe(2);
    expect(err).toContain(`cannot read ${place}: EISDIR`);
    expect(err).toContain("(this is a folder: name a file)");
  });

  test.each([
    ["a number as the value of a key", '{"connection":1,"from":"client","box":{"a":5}}'],
    ["half a byte of hex", '{"connection":1,"from":"client","box":{"a":{"hex":"3"}}}'],
    ["an array as the box", '{"connection":1,"from":"client","box":["a"]}'],
    ["bytes that are not hex", '{"connection":1,"from":"client","raw":"zz"}'],
    ["a number as the bytes", '{"connection":1,"from":"client","raw":5}'],
    ["a connection without a number", '{"connection":"1","from":"client","box":{"a":"b"}}'],
    ["a box of neither end", '{"connection":1,"from":"proxy","box":{"a":"b"}}'],
    ["an event that is not text", '{"connection":1,"event":5}'],
  ])("a recording with %s", async (_, line) => {
    const file = written("odd.jsonl", `{"connection":1,"event":"opened"}\n${line}\n`);
    const { code, err } = await runHere(["replay", file, "--to", "tcp://127.0.0.1:1"]);
    expect(code).toBe(1);
    expect(err).toBe(
      `ampwire: ${file}:2 is not a line of a recording (ampwire proxy --record writes recordings)\n`,
    );
  });

  test("a certificate in a folder that does not exist names the folder as the cause", async () => {
    const { code, err } = await runHere(["certificate", "authority", join(place, "none", "ca")]);
    expect(code).toBe(1);
    expect(err).toContain("(the folder does not exist: create it)");
  });

  test("an edge and a schema without commands have the same error", async () => {
    const file = written("none.mjs", "export const a = 1;");
    const edge = await runCommand(["edge", "calc", "--commands", file]);
    expect(edge).toEqual(await runCommand(["call", "tcp://127.0.0.1:1", "X", "--schema", file]));
    expect(edge).toMatchObject({ code: 1 });
  });

  test("hex with offsets, as xxd prints it, is refused", async () => {
    for (const line of ["00000000: 0004 5f61 736b", "00000000  00 04 5f 61 73 6b"]) {
      const { code, err } = await runHere(["decode", "--hex", written("dump.hex", line)]);
      expect({ code, err }).toMatchObject({
        code: 1,
        err: expect.stringContaining("(write it with xxd -p)"),
      });
    }
  });

  test("two errors of listening at a UNIX path have one wording in serve and proxy", async () => {
    const path = written("file", "");
    const serve = await runHere(["serve", "--demo", "--listen", `unix:${path}`]);
    const proxy = await runHere(["proxy", "--to", "tcp://127.0.0.1:1", "--listen", `unix:${path}`]);
    expect(serve).toEqual(proxy);
    expect(serve.err.match(/cannot listen at/g)).toHaveLength(1);
  });
});

test("a module whose top-level await never settles is reported", async () => {
  const file = written("stuck.mjs", "await new Promise(() => {});");
  const run = spawnSync(process.execPath, [await builtCommand(), "serve", file], { encoding: "utf8" });
  expect(run).toMatchObject({
    status: 1,
    stderr: `ampwire: cannot load ${file}: Error: its top-level await never settles\n`,
  });
});

test("standard input that is a folder is reported", async () => {
  const folder = openSync(place, "r");
  try {
    const run = spawnSync(process.execPath, [await builtCommand(), "decode"], {
      stdio: [folder, "pipe", "pipe"],
      encoding: "utf8",
    });
    expect(run).toMatchObject({
      status: 1,
      stderr: "ampwire: cannot read standard input: it is a folder\n",
    });
  } finally {
    closeSync(folder);
  }
});
