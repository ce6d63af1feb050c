/**
 * The web-standard globals that the core uses. Every runtime has them, but their types are part of the types of Node or the
 * DOM, and the core compiles without both. So this file declares the parts that the core needs.
 */

/**
 * Bytes in memory that no other thread shares: `Uint8Array<ArrayBuffer>` since TypeScript 5.7. Older versions, which have no
 * such type, compile the published types too.
 */
export type UnsharedBytes = ReturnType<Uint8Array["slice"]>;

interface Utf8Encoder {
  encode(text: string): UnsharedBytes;
  encodeInto(text: string, target: Uint8Array): { read: number; written: number };
}
interface Utf8Decoder {
  decode(bytes: Uint8Array): string;
}
declare const TextEncoder: new () => Utf8Encoder;
declare const TextDecoder: new (label: "utf-8", options: { fatal: boolean; ignoreBOM: true }) => Utf8Decoder;

export const utf8Encoder: Utf8Encoder = new TextEncoder();
/** Decoder that throws for invalid UTF-8. It keeps a byte order mark, as Python's codec `utf-8` does. */
export const utf8Strict: Utf8Decoder = /* @__PURE__ */ new TextDecoder("utf-8", {
  fatal: true,
  ignoreBOM: true,
});
/** Decoder that replaces invalid UTF-8 with U+FFFD. For text that is only shown to people. */
export const utf8Lenient: Utf8Decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** Global of Node, which other runtimes may lack. */
const { Buffer } = globalThis as {
  readonly Buffer?: { allocUnsafeSlow(count: number): UnsharedBytes };
};

/**
 * Returns new bytes that are not filled with zeros if the platform allows it, because filling costs as much as copying. They
 * may contain data of another part of the process. A caller must write to every byte before it passes a view of it on.
 */
export function unfilledBytes(count: number): UnsharedBytes {
  return Buffer === undefined ? new Uint8Array(count) : new Uint8Array(Buffer.allocUnsafeSlow(count).buffer);
}

/** Globals that a runtime may lack. Looked up on every use: a program may replace their methods. */
const { process, console } = globalThis as {
  readonly process?: {
    readonly env?: Readonly<Record<string, string | undefined>>;
    emitWarning?(warning: Error): void;
    getBuiltinModule?(
      name: "node:events",
    ): { setMaxListeners(count: number, target: Signal): void } | undefined;
  };
  readonly console?: { error(...values: readonly unknown[]): void };
};

/** The part of an AbortSignal that the core needs. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** The AbortSignal type of the importing program if it has one, so that the signal can be passed to `fetch`. */
export type Signal = typeof globalThis extends { AbortSignal: { prototype: infer Platform } }
  ? Platform
  : AbortSignalLike;

interface AbortControllerLike {
  readonly signal: Signal;
  abort(reason?: unknown): void;
}
declare const AbortController: new () => AbortControllerLike;

/** Returns a controller. Node warns of a leak if more than ten responders listen to one signal, so the limit is removed. */
export function newAbortController(): AbortControllerLike {
  const controller = new AbortController();
  process?.getBuiltinModule?.("node:events")?.setMaxListeners(0, controller.signal);
  return controller;
}

/** Emits a warning: with `process.emitWarning` on Node, with `console.error` in browsers. @param detail lines that follow the message */
export function warn(message: string, detail: string, cause: unknown): void {
  if (typeof process?.emitWarning !== "function") return console?.error(`${message}\n${detail}`);
  const warning = new Error(message, { cause });
  // Node prints `detail` under the message, and `stack` in its place with --trace-warnings.
  Object.assign(warning, { name: "AmpwireWarning", detail, stack: `AmpwireWarning: ${message}\n${detail}` });
  process.emitWarning(warning);
}

/** True if the environment variable NODE_ENV says so. Deno would ask its user for the permission to read it. */
export const IN_DEVELOPMENT: boolean =
  !("Deno" in globalThis) && /^(?:development|test)$/.test(process?.env?.NODE_ENV ?? "");
