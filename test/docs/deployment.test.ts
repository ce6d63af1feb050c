/** The systemd units and the Kubernetes manifest of docs/many-processes.md are valid, and fit the defaults of the command. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parseAllDocuments } from "yaml";

const page = readFileSync(new URL("../../docs/many-processes.md", import.meta.url), "utf8");

const [calculator = "", socket = "", bank = ""] = [...page.matchAll(/^```ini\n(.*?)^```/gms)].map(
  ([, unit = ""]) => unit,
);
const UNITS = { "calculator.service": calculator, "bank.socket": socket, "bank.service": bank };

/** Returns the settings of a unit, by section. */
function settings(unit: string): Record<string, Record<string, string>> {
  const sections: Record<string, Record<string, string>> = {};
  let section: Record<string, string> = {};
  for (const line of unit.split("\n").filter((one) => one !== "")) {
    const [, name] = /^\[(\w+)\]$/.exec(line) ?? [];
    const [, key = "", value = ""] = /^(\w+)=(.+)$/.exec(line) ?? [];
    if (name !== undefined) section = sections[name] = {};
    else if (key === "") throw new Error(`neither a section nor a setting: ${line}`);
    else section[key] = value;
  }
  return sections;
}

/** Returns the complaints of systemd about the units; an empty text if systemd is not installed. */
function complaints(): string {
  const folder = mkdtempSync(join(tmpdir(), "ampwire-units-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, unit] of Object.entries(UNITS)) {
    // The programs and the users of the page do not exist here.
    const text = unit.replace(/^ExecStart=\S+/gm, "ExecStart=/bin/sh").replace(/^User=.*$/gm, "User=root");
    writeFileSync(join(folder, name), text);
  }
  const paths = Object.keys(UNITS).map((name) => join(folder, name));
  const { error, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", ...paths], {
    encoding: "utf8",
  });
  if (error !== undefined) return "";
  return stderr
    .split("\n")
    .filter((line) => line.includes(folder) || /calculator|bank/.test(line))
    .join("\n");
}

test("the systemd units of the page have no error, and stop after the close timeout", () => {
  const { Service } = settings(calculator);
  expect(Service?.ExecStart).toMatch(/^\/\S+\/ampwire serve .* --close-timeout 30$/);
  expect(Number(Service?.TimeoutStopSec)).toBeGreaterThan(30);
  expect(settings(socket).Socket).toEqual({ ListenStream: "1234" });
  expect(settings(bank).Unit?.Requires).toBe("bank.socket");
  expect(settings(bank).Service?.ExecStart).toMatch(/\/node /);
  expect(complaints()).toBe("");
}, 30_000);

test("the Kubernetes manifest of the page is valid YAML, and its pods have time to close", () => {
  const [, text = ""] = /^```yaml\n(.*?)^```/ms.exec(page) ?? [];
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
