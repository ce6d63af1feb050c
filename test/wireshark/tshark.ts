/** Runs tshark, the command line of Wireshark, with the dissector. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWith, type Need } from "../support/needs.ts";

const DISSECTOR = "wireshark/ampwire.lua";
/** Names the file: as root, tshark does not load Lua plugins from folders. */
const ALWAYS = ["-n", "-X", `lua_script:${DISSECTOR}`];

const TSHARK: Need = {
  what: "tshark",
  there: () => spawnSync("tshark", ["--version"]).status === 0,
  missing: "tshark is not installed; on Debian, run apt-get install tshark",
};

/** Runs the tests if tshark is installed. */
export function describeWithTshark(name: string, tests: () => void): void {
  describeWith([TSHARK], name, tests);
}

/** Returns the output of tshark for the capture. */
export function tshark(capture: Uint8Array, ...args: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "ampwire-tshark-"));
  try {
    const file = join(folder, "capture.pcap");
    writeFileSync(file, capture);
    return execFileSync("tshark", [...ALWAYS, "-r", file, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 64 * 1024 * 1024,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Returns the fields of each packet that matches the filter. Several values of a field are joined by `|`. */
export function fieldsOf(
  capture: Uint8Array,
  filter: string,
  names: readonly string[],
  ...more: readonly string[]
): string[][] {
  const columns = names.flatMap((name) => ["-e", name]);
  const separators = ["-E", "separator=/t", "-E", "aggregator=|"];
  const printed = tshark(capture, ...more, "-Y", filter, "-T", "fields", ...columns, ...separators);
  return printed
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("\t"));
}

/** Returns the column Info of each packet that matches the filter. */
export function infos(capture: Uint8Array, filter = "ampwire", ...more: readonly string[]): string[] {
  return fieldsOf(capture, filter, ["_ws.col.Info"], ...more).map(([info]) => info ?? "");
}
