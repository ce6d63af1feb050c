/** Holds the figures against the targets. */
import { figuresOf, ratiosOf } from "./figures.mjs";
import { aligned } from "./table.mjs";
import { TARGETS } from "./targets.mjs";

/** @param measured workload ids to results. @returns every target that was measured, and whether it is met */
export function verdicts(measured) {
  return TARGETS.flatMap((target) => {
    const results = measured.get(target.work) ?? [];
    const find = (id) => results.find(({ peer }) => peer.id === id);
    const ours = find("ampwire");
    const other = find(target.peer);
    return ours === undefined || other === undefined ? [] : [verdict(target, ours, other)];
  });
}

function verdict(target, ours, other) {
  const { work, peer, atLeast, atMostAbove } = target;
  if (atMostAbove !== undefined) {
    const above = figuresOf(ours).held - figuresOf(other).held;
    return {
      work,
      peer,
      met: above <= atMostAbove,
      found: `${(above / 1024).toFixed(1)} KiB above`,
      wanted: `<= ${(atMostAbove / 1024).toFixed(1)} KiB`,
    };
  }
  const { rate } = ratiosOf(ours, other);
  return { work, peer, met: rate >= atLeast, found: `${rate.toFixed(2)}x`, wanted: `>= ${atLeast}x` };
}

export function verdictTable(all) {
  const rows = all.map(({ work, peer, met, found, wanted }) => [
    work,
    `against ${peer}`,
    found,
    wanted,
    met ? "met" : "MISSED",
  ]);
  return aligned([["workload", "peer", "ampwire", "target", ""], ...rows]);
}
