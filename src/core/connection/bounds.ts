/** Bounds that are given: times in milliseconds, and numbers of things. */

/**
 * @param bounds by the names of the options
 * @throws RangeError for one that is no number from 0 up: NaN, which is never reached, or reached at once
 */
export function checkBounds(bounds: Readonly<Record<string, number | undefined>>): void {
  for (const [name, value] of Object.entries(bounds)) {
    if (value !== undefined && !(value >= 0))
      throw new RangeError(`${name} must be a number from 0 up, not ${String(value)}`);
  }
}
