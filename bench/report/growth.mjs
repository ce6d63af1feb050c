/** The table of a row of growth: CPU of a call, client and server together. */
import { figuresOf } from "./figures.mjs";
import { count, micros } from "./table.mjs";

/** @param measured the results of ampwire and of the floor at each point */
export function growthRows({ unit, points, each }, measured) {
  const head = [
    unit,
    "CPU µs of a call",
    each ? `ns a ${each}` : "of the first",
    "floor's CPU µs",
    "of the floor",
    "calls/s",
  ];
  const costs = measured.map((results) => results.map(cpuOf));
  const rows = points.map((point, index) => {
    const [ours, floor] = costs[index];
    return [
      count(point),
      micros(ours),
      each ? micros((ours * 1000) / point) : `${(ours / costs[0][0]).toPrecision(2)}x`,
      micros(floor),
      `${(ours / floor).toFixed(1)}x`,
      count(figuresOf(measured[index][0]).rate),
    ];
  });
  return [head, ...rows];
}

/** Returns microseconds of CPU of a call, client and server together. */
export function cpuOf(result) {
  const { clientCpu, serverCpu } = figuresOf(result);
  return clientCpu + serverCpu;
}
