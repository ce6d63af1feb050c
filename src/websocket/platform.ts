/** Globals of the platform. They are declared here because the folder compiles without the types of Node and the DOM. */
import type { Clock } from "../core/transport.ts";
import type { WebSocketConstructor } from "./socket.ts";

declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;
declare const clearTimeout: (timer: unknown) => void;
declare const setImmediate: ((callback: () => void) => unknown) | undefined;
declare const performance: { now(): number };
declare const WebSocket: WebSocketConstructor;

/** Longest delay of a timer, in milliseconds. A timer with a longer delay would fire at once. */
const MAX_DELAY = 2 ** 31 - 1;

// Taken when the module loads: a test runner may replace the global timers with fake ones later.
const start = setTimeout;
const stop = clearTimeout;
const now = performance.now.bind(performance);

export const platformClock: Clock = {
  now: () => now(),
  setTimeout: (callback, milliseconds) => start(callback, Math.min(milliseconds, MAX_DELAY)),
  clearTimeout: (timer) => stop(timer),
  // The same function as that of `ampwire/node`: on a server all connections take turns.
  nextTurn: typeof setImmediate === "undefined" ? undefined : setImmediate,
};

/** The platform's own WebSocket; undefined if it has none. */
export const platformWebSocket: WebSocketConstructor | undefined =
  typeof WebSocket === "undefined" ? undefined : WebSocket;
