/** A limit on the time of an operation: a timeout, an abort signal, or both. */

import { shownValue } from "./errors/shown-value.ts";
import type { AbortSignalLike } from "./platform.ts";
import type { Clock } from "./transport.ts";

export interface TimeLimit {
  /** Milliseconds. Undefined and `Infinity` set no timer. */
  readonly timeout?: number | undefined;
  /** A signal that is not aborted yet: an aborted one sends no event. */
  readonly signal?: AbortSignalLike | undefined;
}

/** Reason why the limit was reached. */
export type TimeLimitCause = "timeout" | "abort";

/** @throws TypeError for a value that is not an AbortSignal, which a JavaScript program may pass */
export function checkSignal(signal: AbortSignalLike | undefined): void {
  if (signal !== undefined && typeof signal?.addEventListener !== "function")
    throw new TypeError(`the option signal must be an AbortSignal, not ${shownValue(signal)}`);
}

/** @throws the reason of a signal that is aborted; TypeError as {@link checkSignal} */
export function throwIfAborted(signal: AbortSignalLike | undefined): void {
  checkSignal(signal);
  if (signal?.aborted) throw signal.reason;
}

/**
 * The callbacks of each signal. A signal gets one listener, however many operations it limits: Node warns of a leak when a
 * signal has more than ten.
 */
const watched = new WeakMap<
  AbortSignalLike,
  { readonly callbacks: Set<() => void>; readonly listener: () => void }
>();

function watch(signal: AbortSignalLike, aborted: () => void): void {
  let entry = watched.get(signal);
  if (entry === undefined) {
    const callbacks = new Set<() => void>();
    const listener = () => {
      for (const callback of callbacks) callback(); // each removes itself, and the last one the listener
    };
    entry = { callbacks, listener };
    watched.set(signal, entry);
    signal.addEventListener("abort", listener);
  }
  entry.callbacks.add(aborted);
}

function unwatch(signal: AbortSignalLike, aborted: () => void): void {
  const entry = watched.get(signal);
  if (entry === undefined) return;
  entry.callbacks.delete(aborted);
  if (entry.callbacks.size > 0) return;
  watched.delete(signal);
  signal.removeEventListener("abort", entry.listener);
}

/**
 * Calls `reached` at most once: when the time is over or the signal is aborted. By then the timer and the listener are
 * removed, so an operation that has ended in time only needs to call `release`.
 *
 * @returns `release`, which removes the timer and the listener. It may be called more than once
 */
export function limitTime(
  clock: Pick<Clock, "setTimeout" | "clearTimeout">,
  { timeout = Number.POSITIVE_INFINITY, signal }: TimeLimit,
  reached: (cause: TimeLimitCause) => void,
): () => void {
  let timer: unknown;
  const release = () => {
    if (timer !== undefined) clock.clearTimeout(timer);
    timer = undefined;
    if (signal !== undefined) unwatch(signal, aborted);
  };
  const ending = (cause: TimeLimitCause) => () => {
    release();
    reached(cause);
  };
  const aborted = ending("abort");
  if (timeout !== Number.POSITIVE_INFINITY) timer = clock.setTimeout(ending("timeout"), timeout);
  if (signal !== undefined) watch(signal, aborted);
  return release;
}
