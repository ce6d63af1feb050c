/** Holds the figures against the targets. */
import { figuresOf, ratiosOf } from "./figures.mjs";
import { TARGETS } from "./targets.mjs";

/** @param measured workload ids to results. @returns every target that was measured, and whether it is met */
export function verdicts(measured) {
  return TARGETS.flatMap((target) => {
    const results = measured.get(target.work) ?? [];
    const find = (id) => results.find(({ peer }) => peer.id === id);
    const ours = find("ampwire");
    const other = find(target.peer);
    return ours === undefined || other === undefined
      ? []
      : [verdict(target, ours, other, find(target.beside))];
  });
}

function verdict(target, ours, other, beside) {
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
  const told = beside && ` (of the ${beside.peer.title}: ${ratiosOf(ours, beside).rate.toFixed(2)}x)`;
  return {
    work,
    peer,
    met: rate >= atLeast,
    found: `${rate.toFixed(2)}x${told ?? ""}`,
    wanted: `>= ${atLeast}x`,
  };
}

export function verdictRows(all) {
  const rows = all.map(({ work, peer, met, found, wanted }) => [
    work,
    `against ${peer}`,
    found,
    wanted,
    met ? "met" : "MISSED",
  ]);
  return [["workload", "peer", "ampwire", "target", ""], ...rows];
}
