/** The configuration files of the pages are valid for their programs, and fit the defaults of the command. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { describeWithHAProxy, haproxy } from "../support/haproxy.ts";
import { type Block, blocksOf, checkedPages } from "./blocks.ts";

const blocks = checkedPages().flatMap(blocksOf);
const inLanguage = (language: string) => blocks.filter((block) => block.language === language);

/** The systemd units of each page, by their names. A unit begins with a comment that has its path. */
const UNITS = new Map(
  [...new Set(inLanguage("ini").map(({ page }) => page))].map((page): [string, Map<string, string>] => {
    const units = inLanguage("ini").filter((block) => block.page === page);
    return [
      page,
      new Map(units.map(({ text }) => [/^# \/etc\/systemd\/system\/(.+)$/m.exec(text)?.[1] ?? "", text])),
    ];
  }),
);

/** Returns the settings of a unit, by section. */
function settings(unit: string): Record<string, Record<string, string>> {
  const sections: Record<string, Record<string, string>> = {};
  let section: Record<string, string> = {};
  for (const line of unit.split("\n").filter((one) => one !== "" && !one.startsWith("#"))) {
    const [, name] = /^\[(\w+)\]$/.exec(line) ?? [];
    const [, key = "", value = ""] = /^(\w+)=(.+)$/.exec(line) ?? [];
    if (name !== undefined) section = sections[name] = {};
    else if (key === "") throw new Error(`neither a section nor a setting: ${line}`);
    else section[key] = value;
  }
  return sections;
}

/** Returns the complaints of systemd about units; an empty text if systemd is not installed. */
function complaints(units: ReadonlyMap<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "ampwire-units-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, unit] of units) {
    // The programs, folders and users of the page do not exist here.
    const text = unit
      .replace(/^ExecStart=\S+/gm, "ExecStart=/bin/sh")
      .replace(/^User=.*$/gm, "User=root")
      .replace(/^WorkingDirectory=.*$/gm, "WorkingDirectory=/");
    writeFileSync(join(folder, name), text);
  }
  const paths = [...units.keys()].map((name) => join(folder, name));
  const { error, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", ...paths], {
    encoding: "utf8",
  });
  if (error !== undefined) return "";
  const names = [folder, ...units.keys()];
  return stderr
    .split("\n")
    .filter((line) => names.some((name) => line.includes(name)))
    .join("\n");
}

test.each([...UNITS])(
  "systemd accepts the units of %s",
  (_, units) => {
    expect([...units.keys()].every((name) => /^\w+\.(service|socket)$/.test(name))).toBe(true);
    expect(complaints(units)).toBe("");
  },
  30_000,
);

test("the systemd units of docs/many-processes.md stop after the close timeout", () => {
  const units = UNITS.get("docs/many-processes.md");
  const [calculator = "", socket = "", bank = ""] = [...(units?.values() ?? [])];
  const { Service } = settings(calculator);
  expect(Service?.ExecStart).toMatch(/^\/\S+\/ampwire serve .* --close-timeout 30$/);
  expect(Number(Service?.TimeoutStopSec)).toBeGreaterThan(30);
  expect(settings(socket).Socket).toEqual({ ListenStream: "1234" });
  expect(settings(bank).Unit?.Requires).toBe("bank.socket");
  expect(settings(bank).Service?.ExecStart).toMatch(/\/node /);
});

test("the Kubernetes manifest of the page is valid YAML, and its pods have time to close", () => {
  const [{ text }, ...others] = inLanguage("yaml") as [Block, ...Block[]]; // at least one
  expect(others).toEqual([]);
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) throw new Error("the manifest is empty");
  expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
  const [deployment, service] = documents.map((one) => one.toJS());
  expect(deployment).toMatchObject({ apiVersion: "apps/v1", kind: "Deployment" });
  const { template, selector } = deployment.spec;
  expect(template.metadata.labels).toEqual(selector.matchLabels);
  expect(service.spec.selector).toEqual(selector.matchLabels);
  const { containers, terminationGracePeriodSeconds } = template.spec;
  const [{ command, lifecycle, readinessProbe, ports }] = containers;
  expect(service.spec.ports[0].targetPort).toBe(ports[0].containerPort);
  expect(command.slice(1, 2)).toEqual(["serve"]);
  const closing = Number(command[command.indexOf("--close-timeout") + 1]);
  const waiting = Number(lifecycle.preStop.exec.command[1]);
  expect(terminationGracePeriodSeconds).toBeGreaterThan(closing + waiting);
  expect(readinessProbe.exec.command.slice(1)).toEqual([
    "ping",
    "tcp://127.0.0.1:1234",
    "--once",
    "--timeout",
    "2",
  ]);
});

describeWithHAProxy("the configurations of HAProxy", () => {
  test.each(inLanguage("haproxy"))("HAProxy accepts the configuration of $page", ({ text }) => {
    const folder = mkdtempSync(join(tmpdir(), "ampwire-haproxy-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "haproxy.cfg");
    writeFileSync(file, text);
    const { status, stderr } = spawnSync(haproxy, ["-c", "-f", file], { encoding: "utf8" });
    expect(stderr.split("\n").filter((line) => /WARNING|ALERT/.test(line))).toEqual([]);
    expect(status).toBe(0);
  });
});

test.each(inLanguage("dockerfile"))(
  "the Dockerfile of $page runs the program of the page as process 1",
  ({ page, text }) => {
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const instructions = lines.map((line) => line.split(" ")[0]);
    expect(instructions[0]).toBe("FROM");
    expect(
      instructions.filter((name) => !/^(FROM|WORKDIR|COPY|RUN|USER|ENV|EXPOSE|CMD)$/.test(name ?? "")),
    ).toEqual([]);
    const command = JSON.parse(lines.at(-1)?.replace(/^CMD /, "") ?? "");
    const program = blocksOf(page).find(({ label }) => label === command[1]);
    expect(command[0]).toBe("node");
    expect(lines).toContain(`COPY ${command[1]} ./`);
    const [, variables = ""] = /^ENV (.*)$/m.exec(text) ?? [];
    for (const variable of variables.split(" ")) {
      expect(program?.text).toContain(`process.env.${variable.split("=")[0]}`);
    }
  },
);
