/** What Wireshark's command for the terminal says of a capture, with our dissector. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWith, type Need } from "../support/needs.ts";

const DISSECTOR = "wireshark/ampwire.lua";
/** As root it would refuse to load it from anywhere but a file that is named. */
const ALWAYS = ["-n", "-X", `lua_script:${DISSECTOR}`];

const TSHARK: Need = {
  what: "tshark",
  there: () => spawnSync("tshark", ["--version"]).status === 0,
  missing: "There is no tshark; Debian has it as a package of that name",
};

/** Runs the tests where there is a tshark. */
export function describeWithTshark(name: string, tests: () => void): void {
  describeWith([TSHARK], name, tests);
}

/** What tshark prints of the capture. */
export function tshark(capture: Uint8Array, ...args: readonly string[]): string {
  const place = mkdtempSync(join(tmpdir(), "ampwire-tshark-"));
  try {
    const file = join(place, "capture.pcap");
    writeFileSync(file, capture);
    return execFileSync("tshark", [...ALWAYS, "-r", file, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 64 * 1024 * 1024,
    });
  } finally {
    rmSync(place, { recursive: true });
  }
}

/** The fields of each packet that the filter lets through: values of one field joined by `|`. */
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

/** The column Info of each packet that the filter lets through. */
export function infos(capture: Uint8Array, filter = "ampwire", ...more: readonly string[]): string[] {
  return fieldsOf(capture, filter, ["_ws.col.Info"], ...more).map(([info]) => info ?? "");
}
