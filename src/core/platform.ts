/**
 * The few web-standard globals that the core uses. Every runtime has them, but their types come with
 * Node's or the DOM's, and the core compiles with neither: so they are declared here, structurally,
 * for the core alone. Nothing is emitted for the declarations.
 */

interface Utf8Encoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
  encodeInto(text: string, target: Uint8Array): { read: number; written: number };
}
interface Utf8Decoder {
  decode(bytes: Uint8Array): string;
}
declare const TextEncoder: new () => Utf8Encoder;
declare const TextDecoder: new (label: "utf-8", options: { fatal: boolean; ignoreBOM: true }) => Utf8Decoder;

export const utf8Encoder: Utf8Encoder = new TextEncoder();
/** Refuses what is not UTF-8; keeps a byte order mark, as Python's `utf-8` codec does. */
export const utf8Strict: Utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Puts U+FFFD in place of what is not UTF-8: for texts that are only shown to people. */
export const utf8Lenient: Utf8Decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** Node's: a global that is not there everywhere. */
const { Buffer } = globalThis as {
  readonly Buffer?: { allocUnsafeSlow(count: number): Uint8Array<ArrayBuffer> };
};

/**
 * Bytes that may hold anything, also what somebody else has left there, where the platform gives such: to fill many with
 * zeros first costs as much as to copy them. Whoever hands out views of them has written to what is in view.
 */
export function unfilledBytes(count: number): Uint8Array<ArrayBuffer> {
  return Buffer === undefined ? new Uint8Array(count) : new Uint8Array(Buffer.allocUnsafeSlow(count).buffer);
}

/** What the core needs of an AbortSignal. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** The platform's own AbortSignal type where the program that imports us has one, so that it fits `fetch`. */
export type Signal = typeof globalThis extends { AbortSignal: { prototype: infer Platform } }
  ? Platform
  : AbortSignalLike;

interface AbortControllerLike {
  readonly signal: Signal;
  abort(reason?: unknown): void;
}
declare const AbortController: new () => AbortControllerLike;

export function newAbortController(): AbortControllerLike {
  return new AbortController();
}

declare const queueMicrotask: (callback: () => void) => void;

/** What a listener has thrown: for the platform to report, as if it had called the listener itself. */
export function throwToPlatform(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
