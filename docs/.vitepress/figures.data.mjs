/** Figures of the landing page, read from the pages that measure and check them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./repository.mjs";

export default {
  watch: ["../performance.md", "../browser.md", "../../scripts/size.mjs"],
  load() {
    const performance = readFileSync(join(root, "docs/performance.md"), "utf8");
    const rates = Object.fromEntries(
      ["ampwire", "@grpc/grpc-js", "Twisted AMP"].map((name) => [name, callsPerSecond(performance, name)]),
    );
    const [, size] =
      /only calls loads\s+less than ([\d.]+) kB/.exec(readFileSync(join(root, "docs/browser.md"), "utf8")) ??
      [];
    if (size === undefined)
      throw new Error("docs/browser.md does not name the size of a page that only calls");
    return {
      rates,
      sizes: otherSizes(),
      kilobytes: size,
      timesTwisted: Math.round(rates.ampwire / rates["Twisted AMP"]),
    };
  },
};

/** Kilobytes of the smallest program of other libraries. */
function otherSizes() {
  const [, list = ""] =
    /const PEERS = \{(.*?)\}/s.exec(readFileSync(join(root, "scripts/size.mjs"), "utf8")) ?? [];
  const sizes = [...list.matchAll(/"?([\w -]+?)"?: ([\d.]+)/g)].map(([, name, kilobytes]) => [
    name,
    kilobytes,
  ]);
  return Object.fromEntries(sizes);
}

/**
 * @param {string} page
 * @param {string} name row of the summary
 * @returns {number} calls per second with 64 in flight
 */
function callsPerSecond(page, name) {
  const row = page.split("\n").find((line) => line.startsWith(`| ${name} |`));
  const rate = Number(row?.split("|")[3]?.replaceAll(",", ""));
  if (!(rate > 0)) throw new Error(`docs/performance.md has no rate of ${name}`);
  return rate;
}
