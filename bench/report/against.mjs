/** The table of a paired comparison of two builds of ampwire. */
import { figuresOf, ratiosOf } from "./figures.mjs";
import { count } from "./table.mjs";

/** Suffix of the ids of the peers that run the other build. */
export const OTHER = "-against";

/** @param measured a Map of workload ids to results */
export function againstRows(workloads, measured) {
  const rows = workloads.flatMap((work) => {
    const results = measured.get(work.id);
    return results
      .filter(({ peer, samples }) => peer.like !== undefined && samples[0]?.rate !== undefined)
      .map((other) => {
        const ours = results.find(({ peer }) => peer.id === other.peer.like);
        const { rate, cpu } = ratiosOf(ours, other);
        return [
          `${work.title}, ${ours.peer.title}`,
          count(figuresOf(ours).rate),
          count(figuresOf(other).rate),
          `${rate.toFixed(2)}x`,
          `${cpu.toFixed(2)}x`,
        ];
      });
  });
  return [["calls/s", "this build", "other build", "rate", "CPU of a call"], ...rows];
}
