/**
 * Rejections of calls: each has an error of its own, with the name of the command and the stack of the caller.
 *
 * A stack costs as much as a call, so it is captured when the call is rejected: V8 knows which async functions await the
 * promise of the call. The option `callStacks` captures it when the call is made, which also finds callers that do not await.
 */

import type { CallOptions } from "../command/types.ts";
import { shownText } from "../errors/safe-text.ts";
import { setStackLimit } from "../errors/stack-limit.ts";
import { messageOf } from "../errors/to-error.ts";
import { ConnectionLost } from "../errors/transport.ts";

/** Frames of the library between the caller and the place where its stack is captured. */
const OWN_FRAMES = 8;

/** An object whose `stack` is that of a caller. */
export interface Origin {
  readonly stack?: unknown;
}

/** The stack is captured when the call is rejected. */
export const AT_REJECTION: Origin = {};

/** The functions of a call's promise. */
export interface Rejectable {
  /** Undefined for a call of the library itself: it rejects at once, with the unchanged error. */
  readonly origin: Origin | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** How the stack of an error changes. */
export interface StackChange {
  /** Text before the message in the first line: the command and the error code, if the message does not have them. */
  readonly prefix?: string | undefined;
  /** The first line of the stack stays: the connection of a reconnecting client has set it. */
  readonly keepHead?: boolean | undefined;
  /** The frames of the error stay above those of the caller: they show a fault in a codec. */
  readonly keepFrames?: boolean | undefined;
}

// V8 has it; other engines may lack it.
const { captureStackTrace } = Error as { captureStackTrace?(target: object, below?: unknown): void };

/** Returns the stack of the function that calls this one. It is formatted when it is first read. @param below omitted with all frames above it */
export function captureOrigin(below: unknown = captureOrigin): Origin {
  const origin: Origin = {};
  const { stackTraceLimit: limit } = Error as { stackTraceLimit?: number };
  if (limit) setStackLimit(limit + OWN_FRAMES);
  captureStackTrace?.(origin, below);
  if (limit) setStackLimit(limit);
  return origin;
}

/** Rejects a call. The error gets the stack of its caller. */
export function rejectCall(call: Rejectable, error: unknown, change: StackChange = {}): void {
  const { origin } = call;
  if (origin === undefined) return call.reject(error);
  if (origin !== AT_REJECTION) return call.reject(withStack(error, origin, change));
  // V8 finds the async callers of a promise only from a handler of a promise that it follows. The first `then` gives it time
  // to follow.
  const handler = (): never => {
    throw withStack(error, captureOrigin(handler), change);
  };
  call.resolve(Promise.resolve().then(nothing).then(handler));
}

/**
 * Rejects one of many calls that end for the same reason: with {@link ownError}, without the frames of this place. V8 needs
 * longer for them than for all the rest, and a peer decides how many calls it leaves without an answer.
 */
export function rejectWithOwnError(call: Rejectable, reason: Error, name: string): void {
  const limit = setStackLimit(0);
  const own = ownError(reason, name);
  setStackLimit(limit);
  rejectCall(call, own);
}

/**
 * Adds the stack of the caller to an error that a call throws before anything is sent, and returns it. V8 keeps ten frames, which
 * are all the library's if a codec has thrown. The reason of the signal is an object of the program, and is not changed.
 */
export function withCaller(error: unknown, { signal }: CallOptions): unknown {
  return error === signal?.reason ? error : withStack(error, captureOrigin(withCaller), { keepFrames: true });
}

function nothing(): void {}

function withStack(error: unknown, origin: Origin, change: StackChange): unknown {
  try {
    const head = headOf(error as Partial<Error>, change); // throws for null and undefined
    let stack: unknown;
    Reflect.defineProperty(error as object, "stack", {
      configurable: true,
      get() {
        const isNew = (line: string) => /^ +at /.test(line) && !head.includes(line);
        stack ??= [head, ...String(origin.stack).split("\n").filter(isNew)].join("\n");
        return stack;
      },
      set(value) {
        stack = value;
      },
    });
  } catch {
    // A program may throw a value that is not an object, and a getter of its error may throw.
  }
  return error;
}

/** Returns the beginning of the stack of an error, to which the frames of its caller are added. */
function headOf(error: Partial<Error>, { prefix, keepHead, keepFrames }: StackChange): string {
  // Reading the stack formats it, which is expensive.
  if (keepFrames) return String(error.stack);
  if (keepHead) return String(error.stack).replace(/\n +at [\s\S]*$/, "");
  const { name, message } = error;
  return `${name}: ${prefix === undefined ? message : `${prefix}: ${shownText(String(message), 1_000)}`}`;
}

/**
 * Returns an error for one call that the end of its connection rejects: of the class of the reason, with the reason as
 * `cause`.
 */
export function ownError(reason: Error, name: string): Error {
  const message = `${shownText(name)}: ${messageOf(reason)}`;
  try {
    // The classes of programs have constructors of any kind. A copy of a DOMException does not work.
    if (Object.prototype.toString.call(reason) === "[object Error]") {
      const own = { message, cause: reason };
      // These two properties of a new error stay not enumerable.
      return Object.setPrototypeOf(
        Object.assign(new Error(message, own), reason, own),
        Object.getPrototypeOf(reason),
      );
    }
  } catch {
    // A getter of the program has thrown.
  }
  return new ConnectionLost(message, { cause: reason });
}
