/**
 * Functions and classes of the entry points with values of the wrong type, as a JavaScript program may pass them: an error
 * names what is wrong. V8's own messages, for example "Cannot read properties of undefined", name a line of the library.
 */
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import * as core from "../src/index.ts";
import * as nats from "../src/nats/index.ts";
import * as node from "../src/node/index.ts";
import * as testing from "../src/testing/index.ts";
import * as page from "../src/websocket/client/index.ts";
import * as websocket from "../src/websocket/index.ts";

const ODD_VALUES = [
  undefined,
  null,
  0,
  5,
  Number.NaN,
  5n,
  true,
  "text",
  Symbol("symbol"),
  {},
  Object.create(null),
  [],
  [undefined],
  () => {},
  new Map(),
  new Date(0),
  new Uint8Array(3),
  new PassThrough(),
];

/** Messages of V8 about a value that the library did not expect. */
const OF_THE_ENGINE =
  /Cannot (read|set|convert|destructure|use)|is not (a function|iterable|a constructor)|private (member|field)|'in' operator|object null/;

/** Classes that `connect`, `listen`, `memoryNats` and others create, and `attachFileDescriptors`, whose numbers are files of this process. */
const NOT_CALLED = new Set([
  "NodeConnection",
  "Server",
  "PrivateCertificate",
  "attachFileDescriptors",
  "MemoryNats",
  "MemoryNatsConnection",
]);

type AnyFunction = (...args: unknown[]) => unknown;

function call(value: AnyFunction, args: readonly unknown[]): unknown {
  const isClass = /^class\b/.test(Function.prototype.toString.call(value));
  return isClass ? Reflect.construct(value, args) : value(...args);
}

/** Returns the message of the error that a call throws or rejects with; undefined if it throws none. */
async function messageOf(value: AnyFunction, args: readonly unknown[]): Promise<string | undefined> {
  try {
    const result: unknown = call(value, args);
    // A reconnecting client or a connection would go on.
    if (typeof result === "object" && result !== null && "destroy" in result)
      (result.destroy as AnyFunction)();
    if (!(result instanceof Promise)) return undefined;
    const settled: unknown = await result;
    if (typeof settled === "object" && settled !== null && "close" in settled)
      await (settled.close as AnyFunction).call(settled);
    return undefined;
  } catch (error) {
    return String((error as Error).message);
  }
}

function functionsOf(entryPoint: object): [string, AnyFunction][] {
  return Object.entries(entryPoint).filter(
    (entry): entry is [string, AnyFunction] =>
      typeof entry[1] === "function" &&
      !NOT_CALLED.has(entry[0]) &&
      !(entry[1].prototype instanceof Error) &&
      !(entryPoint !== core && entry[0] in core),
  );
}

const ENTRY_POINTS = { ampwire: core, nats, node, testing, websocket, "websocket/client": page };

for (const [name, entryPoint] of Object.entries(ENTRY_POINTS)) {
  for (const [exported, value] of functionsOf(entryPoint)) {
    test(`${exported} of ${name} explains every argument of a wrong type`, async () => {
      for (const odd of ODD_VALUES) {
        for (const args of [[odd], ["text", odd], [{}, odd]]) {
          const message = await messageOf(value, args);
          expect(
            message ?? "",
            `argument ${args.length}: ${typeof odd} ${String(Object(odd).constructor?.name)}`,
          ).not.toMatch(OF_THE_ENGINE);
        }
      }
    });
  }
}
