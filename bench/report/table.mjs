/** Makes tables of the figures. */
import { figuresOf, ratiosOf } from "./figures.mjs";

const COLUMNS = {
  calls: [
    ["calls/s", ({ rate }) => count(rate)],
    ["±", ({ spread }) => percent(spread)],
    ["MB/s", ({ rate }, { bytes }) => bytes && count((rate * bytes) / 1e6)],
    ["p50 µs", ({ p50 }) => p50?.toFixed(1)],
    ["p99 µs", ({ p99 }) => p99?.toFixed(1)],
    ["CPU µs client", ({ clientCpu }) => micros(clientCpu)],
    ["CPU µs server", ({ serverCpu }) => micros(serverCpu)],
    ["bytes", ({ bytes }) => bytes && count(bytes)],
    ["ampwire rate", (_, __, ratios) => ratios && `${ratios.rate.toFixed(2)}x`],
    ["ampwire CPU", (_, __, ratios) => ratios && `${ratios.cpu.toFixed(2)}x`],
  ],
  idle: [
    ["KiB held", ({ held }) => kib(held)],
    ["KiB resident", ({ resident }) => kib(resident)],
  ],
};
COLUMNS.connects = COLUMNS.calls;

/**
 * Returns the table of one workload, head first. The last two columns are rate and CPU of a call of ampwire, as multiples
 * of those of the peer.
 */
export function rowsOf(work, results) {
  const ours = results.find(({ peer }) => peer.id === "ampwire");
  const columns = COLUMNS[work.program];
  const rows = results.map((result) => {
    const ratios =
      ours === undefined || ours === result || work.program === "idle" ? undefined : ratiosOf(ours, result);
    const figures = figuresOf(result);
    return [result.peer.title, ...columns.map(([, cell]) => cell(figures, work, ratios) || "")];
  });
  return withoutEmpty([["", ...columns.map(([title]) => title)], ...rows]);
}

function withoutEmpty([head, ...rows]) {
  const kept = head.map((_, column) => column === 0 || rows.some((row) => row[column] !== ""));
  return [head, ...rows].map((row) => row.filter((_, column) => kept[column]));
}

/** Formats a table for a terminal. */
export function aligned(lines) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((row) => row[column].length)));
  return lines
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
        .join("  "),
    )
    .join("\n");
}

/** Formats a table as Markdown. */
export function markdown([head, ...rows]) {
  const rule = head.map((_, column) => (column === 0 ? "---" : "---:"));
  return [head, rule, ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** Returns one row for each peer and one column for each workload. @param measured a Map of workload ids to results */
export function summaryRows(workloads, measured, peers) {
  const columns = workloads.filter(({ id, short }) => short !== undefined && measured.has(id));
  const rows = peers.map(({ id, title }) => [
    title,
    ...columns.map((work) => {
      const result = measured.get(work.id).find(({ peer }) => peer.id === id);
      return result === undefined ? "" : summaryCell(work, figuresOf(result));
    }),
  ]);
  return [["", ...columns.map(({ short }) => short)], ...rows];
}

function summaryCell({ program, bytes }, { rate, held }) {
  if (program === "idle") return kib(held);
  return count(bytes === undefined ? rate : (rate * bytes) / 1e6);
}

export function count(value) {
  return Math.round(value).toLocaleString("en-US");
}

function percent(share) {
  return `${(share * 100).toFixed(0)} %`;
}

export function micros(value) {
  return value < 10 ? value.toFixed(2) : value.toFixed(0);
}

function kib(bytes) {
  return (bytes / 1024).toFixed(1);
}
