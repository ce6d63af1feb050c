/** Compares the figures with the targets. */
import { PEERS } from "../peers/index.mjs";
import { GROWTH } from "../workloads/growth.mjs";
import { WORKLOADS } from "../workloads/index.mjs";
import { figuresOf, ratiosOf } from "./figures.mjs";
import { cpuOf } from "./growth.mjs";
import { TARGETS } from "./targets.mjs";

/**
 * @param measured a Map of workload ids to results
 * @param growth a Map of ids of rows of growth to the results at each point
 * @returns for each target `{ target, found, met, passed }`: the figure as text, undefined if the target was not measured;
 *   whether it meets the target; and whether it meets it or is known to miss it
 */
export function verdicts(measured, growth = new Map()) {
  return TARGETS.map((target) => {
    const verdict =
      target.growth === undefined
        ? verdictOf(target, measured.get(target.work) ?? [])
        : growthVerdictOf(target, growth.get(target.growth));
    return { target, found: undefined, met: false, passed: verdict.met === true, ...verdict };
  });
}

function verdictOf({ peer, atLeast, atMostAbove, context, unreached }, results) {
  const find = (id) => results.find((result) => result.peer.id === id && result.samples.length > 0);
  const [ours, other, third] = [find("ampwire"), find(peer), find(context)];
  if (ours === undefined || other === undefined) return {};
  if (atMostAbove !== undefined) {
    const above = figuresOf(ours).held - figuresOf(other).held;
    return { met: above <= atMostAbove, found: `${kib(above)} KiB above` };
  }
  const { rate } = ratiosOf(ours, other);
  const addition = third && ` (${third.peer.title}: ${ratiosOf(ours, third).rate.toFixed(2)}x)`;
  const passed = rate >= (unreached?.least ?? atLeast);
  return { met: rate >= atLeast, passed, found: `${rate.toFixed(2)}x${addition ?? ""}` };
}

function growthVerdictOf({ atMostTimes }, points) {
  if (points === undefined) return {};
  const [first, ...more] = points.map((results) => cpuOf(results.find(({ peer }) => peer.id === "ampwire")));
  const times = Math.max(...more) / first;
  return { met: times <= atMostTimes, found: `${times.toFixed(2)}x` };
}

/** Returns the table of verdicts. Targets that were not measured are left out unless `all` is true. */
export function verdictRows(found, { all = false } = {}) {
  const rows = found
    .filter((verdict) => all || verdict.found !== undefined)
    .map((verdict) => [
      ...subjectOf(verdict.target),
      verdict.found ?? "not measured",
      limitOf(verdict.target),
      resultOf(verdict),
    ]);
  return [["workload", "compared with", "ampwire", "target", ""], ...rows];
}

function resultOf({ target, met, passed }) {
  if (met) return "met";
  return passed ? `not reached: ${target.unreached.reason}` : "MISSED";
}

function subjectOf({ work, growth, peer }) {
  if (growth !== undefined) return [titleOf(GROWTH, growth), "first point, CPU of a call"];
  return [titleOf(WORKLOADS, work), titleOf(PEERS, peer)];
}

function titleOf(list, id) {
  return list.find((one) => one.id === id).title;
}

function limitOf({ atLeast, atMostAbove, atMostTimes }) {
  if (atMostAbove !== undefined) return `<= ${kib(atMostAbove)} KiB`;
  return atMostTimes === undefined ? `>= ${atLeast}x` : `<= ${atMostTimes}x`;
}

function kib(bytes) {
  return (bytes / 1024).toFixed(1);
}
