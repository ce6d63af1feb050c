/** The frame of the command: help, misuse, exit codes, colours, JSON. */
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { timeoutOf } from "../../src/cli/net/timeout.ts";
import { subcommands } from "../../src/cli/subcommands.ts";
import { builtCommand } from "../support/built.ts";
import { ampwire, runCommand } from "./run-command.ts";
import { runHere } from "./run-here.ts";

describe("help", () => {
  test("of the program names every verb", async () => {
    const { code, out, err } = await ampwire("--help");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    for (const { name, summary } of subcommands)
      expect(out).toMatch(new RegExp(`^  ${name} +${summary}`, "m"));
    expect(await runHere("--help")).toEqual({ code, out, err });
  });

  test.each(subcommands.map(({ name }) => name))("of %s has its usage and examples", async (name) => {
    const { code, out, err } = await runHere(`${name} --help`);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(new RegExp(`^usage: ampwire ${name}`, "m"));
    expect(out).toContain("\nexamples:\n");
    expect(await runHere(`help ${name}`)).toEqual({ code, out, err });
  });

  test("of a word that several verbs begin with lists them", async () => {
    const { code, out, err } = await runHere("certificate --help");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out.match(/^ {2}\w+ \w+ {2}/gm)).toHaveLength(3);
    expect(await runHere("help certificate")).toEqual({ code, out, err });
  });

  test("is what comes where nothing is said, and then it is misuse", async () => {
    const { code, out } = await runCommand([]);
    expect(code).toBe(2);
    expect(out).toBe((await ampwire("--help")).out);
  });

  test("examples are commands that exist, with options that exist", () => {
    for (const { name, examples, options } of subcommands) {
      expect(examples.length).toBeGreaterThan(0);
      const own = ["json", "help", ...Object.keys(options)];
      for (const [command] of examples) {
        const words = command.slice(command.indexOf(`ampwire ${name}`)).split(" | ")[0] ?? "";
        expect(words, command).toContain(`ampwire ${name}`);
        for (const [, option = ""] of words.matchAll(/ --([a-z-]+)/g)) expect(own, command).toContain(option);
      }
    }
  });
});

test("--version is the package's", async () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  expect(await ampwire("--version")).toEqual({ code: 0, out: `${version}\n`, err: "" });
});

describe("misuse ends with 2 and one line that says what to do", () => {
  test.each([
    ["sum", /^ampwire: there is no verb "sum" \(call, serve, /],
    ["certificate", /^ampwire: certificate: which one\? \(certificate authority, /],
    ["call", /^ampwire: call: something is missing \(usage: ampwire call ADDRESS/],
    ["ping tcp://127.0.0.1:1 again", /^ampwire: ping: what is "again" for\?/],
    ["ping --loud", /^ampwire: ping: Unknown option '--loud' \(ampwire ping --help\)$/m],
    ["ping --timeout", /^ampwire: ping: Option '--timeout <value>' argument missing/],
    ["ping 127.0.0.1:1234", /^ampwire: "127\.0\.0\.1:1234" is no address \(did you mean tcp:/],
    ["ping tcp://h:70000", /^ampwire: tcp:\/\/h:70000: ports go to 65535/],
    ["ping unix:", /^ampwire: the address unix: names no path/],
    ["ping tcp://h:1 --timeout -1", /^ampwire: ping: Option '--timeout' argument is ambiguous; Did you/m],
    ["ping tcp://h:1 --timeout soon", /^ampwire: --timeout "soon" is no number of seconds$/m],
    ["ping tcp://h:1 -n 0", /^ampwire: -n 0: a number from 1 on$/m],
    ["ping tcp://h:1 --insecure", /^ampwire: --insecure says how to use TLS \(together with --starttls/],
    ["ping tcp://h:1 --starttls --insecure --ca x", /^ampwire: --insecure verifies nobody/],
    ["serve", /^ampwire: serve: what is to be served\? \(either a MODULE or --demo\)$/m],
    ["ping tcp://h:1 --starttls --ca nowhere.pem", /^ampwire: cannot read nowhere\.pem: ENOENT/],
    ["serve --demo --listen tls://127.0.0.1:0", /^ampwire: TLS from the first byte needs a certificate/],
    ["decode --hex --pcap", /^ampwire: --hex and --pcap: which one is it\?$/m],
    ["certificate issue alice --authority nobody.pem", /^ampwire: there is no file nobody\.pem/],
  ])("ampwire %s", async (typed, complaint) => {
    const { code, out, err } = await runHere(typed);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(complaint);
    expect(err.trimEnd()).not.toContain("\n");
  });
});

test("misuse ends a process like that too", async () => {
  const outcome = await ampwire("serve");
  expect(outcome).toEqual(await runHere("serve"));
  expect(outcome.code).toBe(2);
});

test("a failure ends with 1 and a hint; with --json both are JSON", async () => {
  const plain = await ampwire("ping tcp://127.0.0.1:1");
  expect(plain).toMatchObject({ code: 1, out: "" });
  expect(plain.err).toMatch(
    /^ampwire: cannot connect to 127\.0\.0\.1:1: .* \(is a server listening there\?\)\n$/,
  );
  const json = await ampwire("ping tcp://127.0.0.1:1 --json");
  expect(json).toMatchObject({ code: 1, out: "" });
  expect(JSON.parse(json.err).error).toMatchObject({
    code: "CONNECT_FAILED",
    hint: "is a server listening there?",
  });
});

test("a result that cannot be written is a failure in one line", async () => {
  const full = openSync("/dev/full", "w");
  onTestFinished(() => closeSync(full));
  const command = spawnSync(process.execPath, [await builtCommand(), "--version"], {
    stdio: ["ignore", full, "pipe"],
    encoding: "utf8",
  });
  expect(command.status).toBe(1);
  expect(command.stderr).toMatch(/^ampwire: ENOSPC: no space left on device, write\n$/);
});

test("a timeout that is longer than timers can be waits for ever", () => {
  expect(timeoutOf({ timeout: "2147483.647" })).toBe(2 ** 31 - 1);
  expect(timeoutOf({ timeout: "2147483.648" })).toBeUndefined();
  expect(timeoutOf({ timeout: "Infinity" })).toBeUndefined();
});

test("there are no colours where nobody sees them", async () => {
  const { out, err } = await ampwire("--help");
  expect(out + err).not.toContain("\u001b");
});
