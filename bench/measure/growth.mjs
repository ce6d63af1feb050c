/** Measures all points of all rows of growth and prints the tables. */
import { growthRows } from "../report/growth.mjs";
import { aligned } from "../report/table.mjs";
import { GROWTH, worksOf } from "../workloads/growth.mjs";
import { measure } from "./measure.mjs";

/** @returns a Map of row ids to the results at each point; `setup` is passed to `measure` */
export async function measureGrowth({ only, peers, ...setup }) {
  const measured = new Map();
  for (const row of GROWTH.filter(({ id }) => only?.includes(id) ?? true)) {
    const points = [];
    for (const work of worksOf(row)) {
      points.push(
        await measure(work, { ...setup, peers: peers.filter(({ id }) => work.peers.includes(id)) }),
      );
    }
    measured.set(row.id, points);
    console.log(`\n${row.title}\n${aligned(growthRows(row, points))}`);
  }
  return measured;
}
