/** Help, usage errors, exit codes, colours and JSON of the command. */
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { timeoutOf } from "../../src/cli/net/timeout.ts";
import { subcommands } from "../../src/cli/subcommands.ts";
import { builtCommand } from "../support/built.ts";
import { ampwire, runCommand } from "./run-command.ts";
import { runHere } from "./run-here.ts";

describe("help", () => {
  test("ampwire --help lists every subcommand", async () => {
    const { code, out, err } = await ampwire("--help");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    for (const { name, summary } of subcommands)
      expect(out).toMatch(new RegExp(`^  ${name} +${summary}`, "m"));
    expect(await runHere("--help")).toEqual({ code, out, err });
  });

  test.each(subcommands.map(({ name }) => name))("%s --help prints usage and examples", async (name) => {
    const { code, out, err } = await runHere(`${name} --help`);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(new RegExp(`^usage: ampwire ${name}`, "m"));
    expect(out).toContain("\nexamples:\n");
    expect(await runHere(`help ${name}`)).toEqual({ code, out, err });
  });

  test("the help of a word with several subcommands lists them", async () => {
    const { code, out, err } = await runHere("certificate --help");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out.match(/^ {2}\w+ \w+ {2}/gm)).toHaveLength(5);
    expect(await runHere("help certificate")).toEqual({ code, out, err });
  });

  test("ampwire without arguments prints the help and exits with 2", async () => {
    const { code, out } = await runCommand([]);
    expect(code).toBe(2);
    expect(out).toBe((await ampwire("--help")).out);
  });

  test("examples use existing subcommands and options", () => {
    for (const { name, examples, options } of subcommands) {
      expect(examples.length).toBeGreaterThan(0);
      const own = ["json", "help", ...Object.keys(options)];
      for (const [command] of examples) {
        const typed = command.slice(command.indexOf(`ampwire ${name}`)).split(" | ")[0] ?? "";
        expect(typed, command).toContain(`ampwire ${name}`);
        for (const [, option = ""] of typed.matchAll(/ --([a-z-]+)/g)) expect(own, command).toContain(option);
      }
    }
  });
});

test("--version prints the version of the package", async () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  expect(await ampwire("--version")).toEqual({ code: 0, out: `${version}\n`, err: "" });
});

describe("a usage error exits with 2 and prints one line", () => {
  test.each([
    ["sum", /^ampwire: unknown subcommand "sum" \(use call, serve, /],
    ["certificate", /^ampwire: certificate needs a second word \(use certificate authority, /],
    ["call", /^ampwire: call: an operand is missing \(usage: ampwire call ADDRESS/],
    ["ping tcp://127.0.0.1:1 again", /^ampwire: ping: unexpected operand "again"/],
    ["ping --loud", /^ampwire: ping: Unknown option '--loud' \(ampwire ping --help\)$/m],
    ["ping --timeout", /^ampwire: ping: Option '--timeout <value>' argument missing/],
    ["ping 127.0.0.1:1234", /^ampwire: "127\.0\.0\.1:1234" is not an address \(use tcp:/],
    ["ping tcp://h:70000", /^ampwire: tcp:\/\/h:70000: the port must be at most 65535/],
    ["ping unix:", /^ampwire: the address unix: has no path/],
    [
      "ping tcp://h:1 --timeout -1",
      /^ampwire: ping: the option --timeout has no value \(write --timeout=VALUE if/m,
    ],
    ["ping tcp://h:1 --timeout soon", /^ampwire: --timeout "soon" must be a number of seconds, 0 or more$/m],
    ["ping tcp://h:1 -n 0", /^ampwire: -n "0" must be a whole number of at least 1$/m],
    ["ping tcp://h:1 --insecure", /^ampwire: --insecure applies to TLS only \(add --starttls/],
    [
      "ping tcp://h:1 --starttls --insecure --ca x",
      /^ampwire: --insecure conflicts with --ca, --crl and --server-name/,
    ],
    ["serve", /^ampwire: serve: MODULE or --demo is required \(use one of them\)$/m],
    ["ping tcp://h:1 --starttls --ca nowhere.pem", /^ampwire: cannot read nowhere\.pem: ENOENT/],
    ["serve --demo --listen tls://127.0.0.1:0", /^ampwire: tls:\/\/ needs a certificate/],
    ["decode --hex --pcap", /^ampwire: decode: --hex and --pcap exclude each other \(use one of them\)$/m],
    ["certificate issue alice --authority missing-ca.pem", /^ampwire: cannot find missing-ca\.pem/],
  ])("ampwire %s", async (typed, message) => {
    const { code, out, err } = await runHere(typed);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(message);
    expect(err.trimEnd()).not.toContain("\n");
  });
});

test("a usage error of a process exits with 2 and prints the same line", async () => {
  const outcome = await ampwire("serve");
  expect(outcome).toEqual(await runHere("serve"));
  expect(outcome.code).toBe(2);
});

test("a failure exits with 1 and prints a hint, as JSON with --json", async () => {
  const plain = await ampwire("ping tcp://127.0.0.1:1");
  expect(plain).toMatchObject({ code: 1, out: "" });
  expect(plain.err).toMatch(
    /^ampwire: cannot connect to 127\.0\.0\.1:1: .* \(no process listens at this address: start the server, or check the address\)\n$/,
  );
  const json = await ampwire("ping tcp://127.0.0.1:1 --json");
  expect(json).toMatchObject({ code: 1, out: "" });
  expect(JSON.parse(json.err).error).toMatchObject({
    code: "CONNECT_FAILED",
    hint: "no process listens at this address: start the server, or check the address",
  });
});

test("a result that cannot be written is reported in one line", async () => {
  const full = openSync("/dev/full", "w");
  onTestFinished(() => closeSync(full));
  const command = spawnSync(process.execPath, [await builtCommand(), "--version"], {
    stdio: ["ignore", full, "pipe"],
    encoding: "utf8",
  });
  expect(command.status).toBe(1);
  expect(command.stderr).toMatch(
    /^ampwire: cannot write standard output: ENOSPC: no space left on device, write \(no space left/,
  );
});

test("a timeout longer than a timer can be disables the timeout", () => {
  expect(timeoutOf({ timeout: "2147483.647" })).toBe(2 ** 31 - 1);
  expect(timeoutOf({ timeout: "2147483.648" })).toBeUndefined();
  expect(timeoutOf({ timeout: "Infinity" })).toBeUndefined();
});

test("output without a terminal has no colours", async () => {
  const { out, err } = await ampwire("--help");
  expect(out + err).not.toContain("\u001b");
});
