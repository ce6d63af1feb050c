/** How much is read, and how much of it is shown. */

/** What we look at may be larger than what we would take from a peer. */
export const LIMITS = { maxBoxBytes: 256 * 1024 * 1024, maxBoxKeys: Number.POSITIVE_INFINITY };

/** Characters of one value on a line for people. In JSON everything is there. */
export const LONGEST_VALUE = 200;
