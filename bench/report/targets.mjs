/**
 * Targets. Ratios are medians of samples of one run.
 *
 *   atLeast       minimum rate of ampwire, as a multiple of the rate of `peer`
 *   atMostAbove   maximum memory of an idle connection of ampwire, in bytes above that of `peer`
 *   atMostTimes   maximum CPU of a call at any point of a row of growth, as a multiple of that at the first point
 *
 * The ratio to the peer `context`, if any, is printed with the target and does not affect the verdict.
 *
 * A target that cannot be reached in every run has `unreached`: the reason, and the ratio that must still be reached.
 */

const KIB = 1024;

export const TARGETS = [
  { work: "one", peer: "floor", atLeast: 0.95 },
  { work: "64", peer: "promise-floor", atLeast: 0.6 },
  // AMP's answers may come in any order, so that a client has to find promises by tag, as this floor does.
  { work: "64", peer: "tag-floor", atLeast: 0.75 },
  { work: "64", peer: "msgpackr", atLeast: 2.5 },
  { work: "64", peer: "msgpackr-shared", atLeast: 2.5 },
  { work: "64", peer: "twisted", atLeast: 40 },
  { work: "1000", peer: "promise-floor", atLeast: 0.38, context: "tag-floor" },
  { work: "1000", peer: "msgpackr", atLeast: 4 },
  { work: "1000", peer: "msgpackr-shared", atLeast: 4 },
  { work: "turns", peer: "ampwire-one-command", atLeast: 0.75 },
  { work: "mixed", peer: "msgpackr", atLeast: 2 },
  { work: "mixed", peer: "msgpackr-shared", atLeast: 1.2 },
  { work: "mixed", peer: "twisted", atLeast: 15 },
  { work: "rows", peer: "msgpackr", atLeast: 2.5 },
  { work: "rows", peer: "msgpackr-shared", atLeast: 1.2 },
  { work: "rows", peer: "twisted", atLeast: 60 },
  { work: "dated", peer: "msgpackr", atLeast: 1 },
  {
    work: "dated",
    peer: "msgpackr-shared",
    atLeast: 1,
    unreached: {
      least: 0.85,
      reason: "the WeakMap of each polyfill of Temporal",
    },
  },
  // This floor delivers no values. Its rate has two levels, a third apart, and each pair of processes stays at one of them.
  {
    work: "bulk",
    peer: "floor",
    atLeast: 0.95,
    unreached: {
      least: 0.7,
      reason: "the upper of two levels of this floor, which delivers no values",
    },
  },
  { work: "bulk", peer: "value-floor", atLeast: 1 },
  { work: "tls", peer: "promise-floor", atLeast: 0.6 },
  // Both ends of the floor with kept contexts make a secure context once, as ampwire does.
  { work: "up", peer: "kept-floor", atLeast: 0.85, context: "promise-floor" },
  { work: "idle", peer: "floor", atMostAbove: 5 * KIB },
  { work: "idle-tls", peer: "floor", atMostAbove: 9 * KIB },
  { growth: "in-flight", atMostTimes: 1.5 },
  { growth: "connections", atMostTimes: 1.5 },
];
