/**
 * Growth of the cost of a call: one workload for each point of a row, measured for ampwire and a floor. If a row has
 * `each`, the table also divides the cost by the point: for example, nanoseconds per byte.
 */
import { keys } from "./fields.mjs";

const IN_FLIGHT = 16;

export const GROWTH = [
  {
    id: "in-flight",
    title: "Calls in flight on one connection, Sum",
    unit: "in flight",
    floor: "promise-floor",
    points: [1, 10, 100, 1000, 10_000],
    workAt: (inFlight) => ({ kind: "sum", inFlight }),
  },
  {
    // One call on each connection: with more, few connections would carry many boxes in a read, and many would carry few.
    id: "connections",
    title: "Connections, one call in flight on each, Sum",
    unit: "connections",
    floor: "promise-floor",
    points: [1, 10, 100, 1000, 5000],
    workAt: (connections) => ({ kind: "sum", inFlight: connections, connections }),
  },
  {
    id: "bytes",
    title: `Bytes of a value, Echo, ${IN_FLIGHT} in flight`,
    unit: "bytes",
    each: "byte",
    floor: "value-floor",
    points: [10, 100, 1000, 10_000, 60_000],
    workAt: (bytes) => ({ kind: "echo", bytes, inFlight: IN_FLIGHT }),
  },
  {
    id: "key-count",
    title: `Keys of a box, integers there and back, ${IN_FLIGHT} in flight`,
    unit: "keys",
    each: "key",
    floor: "promise-floor",
    points: [1, 3, 10, 30, 100],
    workAt: (count) => ({
      kind: "commands",
      commands: [{ name: "Same", fields: keys(count) }],
      inFlight: IN_FLIGHT,
    }),
  },
];

/** Returns the workloads of one row, in order of its points. */
export function worksOf({ id, title, floor, points, workAt }) {
  return points.map((point) => ({
    id: `${id}-${point}`,
    title: `${title}: ${point}`,
    program: "calls",
    peers: ["ampwire", floor],
    ...workAt(point),
  }));
}
