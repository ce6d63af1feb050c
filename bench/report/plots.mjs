/** Draws the plots of the page. */
import { writeFileSync } from "node:fs";
import { figuresOf } from "./figures.mjs";
import { cpuOf } from "./growth.mjs";
import { barPlot, linePlot } from "./plot.mjs";

const PLOTTED = "64";
const PLOTTED_GROWTH = ["in-flight", "connections"];

/** @param measured a Map of workload ids to results */
export function plotPeers(workloads, measured) {
  const work = workloads.find(({ id }) => id === PLOTTED);
  const results = measured.get(PLOTTED);
  if (results === undefined) return;
  const bars = results
    .map((result) => ({
      label: result.peer.title,
      value: figuresOf(result).rate,
      kind: kindOf(result.peer),
    }))
    .sort((a, b) => b.value - a.value);
  write("performance-peers.svg", barPlot({ title: work.title, unit: "calls/s", bars }));
}

/** @param measured a Map of ids of rows of growth to the results at each point */
export function plotGrowth(growth, measured) {
  const panels = growth
    .filter(({ id }) => PLOTTED_GROWTH.includes(id) && measured.has(id))
    .map(({ id, title, unit, points }) => ({
      title,
      x: unit,
      lines: measured.get(id)[0].map(({ peer }, index) => ({
        label: peer.title,
        kind: kindOf(peer),
        points: points.map((point, at) => [point, cpuOf(measured.get(id)[at][index])]),
      })),
    }));
  if (panels.length === 0) return;
  write("performance-growth.svg", linePlot({ title: "CPU of a call", unit: "µs", panels }));
}

function kindOf({ id }) {
  if (id.startsWith("ampwire")) return "ours";
  return id.endsWith("floor") ? "floor" : "other";
}

function write(name, plot) {
  writeFileSync(new URL(`../../docs/${name}`, import.meta.url), plot);
}
