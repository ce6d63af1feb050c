/**
 * The targets: ampwire against others, in the same run. A ratio is a median of paired samples.
 * What is `beside` a target is told with it, and decides nothing.
 */

/** Bytes of a connection of ours above a bare socket's. */
const IDLE_BYTES = 8 * 1024;

export const TARGETS = [
  { work: "one", peer: "floor", atLeast: 0.75 },
  { work: "64", peer: "promise-floor", atLeast: 0.4 },
  { work: "64", peer: "msgpackr", atLeast: 2 },
  { work: "64", peer: "twisted", atLeast: 35 },
  { work: "1000", peer: "promise-floor", atLeast: 0.3 },
  { work: "1000", peer: "msgpackr", atLeast: 2 },
  // Held to the strict floor, which joins no value; the other one hands whole values over, as ampwire does.
  { work: "bulk", peer: "floor", atLeast: 0.9, beside: "value-floor" },
  { work: "bulk", peer: "twisted", atLeast: 2 },
  { work: "idle", peer: "floor", atMostAbove: IDLE_BYTES },
  { work: "up", peer: "promise-floor", atLeast: 0.9 },
  { work: "tls", peer: "promise-floor", atLeast: 0.4 },
];
