/**
 * The targets: ampwire against others, in the same run. A ratio is a median of paired samples.
 * What is `beside` a target is told with it, and decides nothing.
 */

/** Bytes of a connection of ours above a bare socket's. */
const IDLE_BYTES = 8 * 1024;

export const TARGETS = [
  { work: "one", peer: "floor", atLeast: 0.75 },
  // Held to the floor that settles promises in order; the other one finds them by tag, as any client of AMP must.
  { work: "64", peer: "promise-floor", atLeast: 0.4, beside: "tag-floor" },
  { work: "64", peer: "msgpackr", atLeast: 2 },
  { work: "64", peer: "twisted", atLeast: 35 },
  { work: "1000", peer: "promise-floor", atLeast: 0.3, beside: "tag-floor" },
  { work: "1000", peer: "msgpackr", atLeast: 2 },
  // Held to the strict floor, which joins no value; the other one hands whole values over, as ampwire does.
  { work: "bulk", peer: "floor", atLeast: 0.9, beside: "value-floor" },
  { work: "bulk", peer: "twisted", atLeast: 2 },
  { work: "idle", peer: "floor", atMostAbove: IDLE_BYTES },
  // Held to StartTLS as it is written by hand; the other one makes its contexts once, as ampwire does.
  { work: "up", peer: "promise-floor", atLeast: 0.9, beside: "kept-floor" },
  { work: "tls", peer: "promise-floor", atLeast: 0.4 },
];
