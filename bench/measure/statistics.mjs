/** Medians, and how far the samples lie apart. */

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

/** Half the distance between the quartiles, as a share of the median. */
export function spread(values) {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / median(values);
}

/**
 * How many times the one's figures are the other's: the median of the ratios of samples taken right after
 * each other, in which the machine's drift cancels out.
 */
export function pairedRatio(ones, others) {
  return median(ones.map((one, index) => one / others[index]));
}
