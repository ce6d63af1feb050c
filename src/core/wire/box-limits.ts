/** Limits of one box: those of the format, and those that a receiver sets. */

/** Bytes of the longest key: the first of the two length bytes is always 0. */
export const MAX_KEY_LENGTH = 0xff;
/** Bytes of the longest value: the largest number in two length bytes. */
export const MAX_VALUE_LENGTH = 0xffff;

/** Limits of one received box. `Infinity` disables a limit. */
export interface BoxLimits {
  /** Bytes of one received box. A longer one closes the connection. Default 1 MiB. */
  readonly maxBoxBytes: number;
  /** Keys of one received box. A box with more keys closes the connection. Default 1,000. */
  readonly maxBoxKeys: number;
}

export const DEFAULT_BOX_LIMITS: BoxLimits = {
  maxBoxBytes: 1024 * 1024,
  maxBoxKeys: 1000,
};

/** No limits: for boxes that this end has written, or whose size has been checked already. */
export const UNBOUNDED: BoxLimits = {
  maxBoxBytes: Number.POSITIVE_INFINITY,
  maxBoxKeys: Number.POSITIVE_INFINITY,
};
