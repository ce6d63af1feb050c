/** Medians and spread of samples. */

export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}

export function median(values) {
  return quantile(values, 0.5);
}

/** Returns half the distance between the quartiles, as a share of the median. */
export function spread(values) {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / median(values);
}

/**
 * Returns the median of the ratios of samples taken in the same turn. Slow changes of the machine's speed affect both
 * samples of a turn and cancel out.
 */
export function pairedRatio(ones, others) {
  return median(ones.map((one, index) => one / others[index]));
}
