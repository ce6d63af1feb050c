/** Unknown options of connections over WebSockets are refused before anything is opened. */
import type { WebSocketConstructor, WebSocketLike } from "ampwire/websocket";
import { attach, connect, reconnecting, serverOptions } from "ampwire/websocket";
import * as client from "ampwire/websocket/client";
import { describe, expect, test } from "vitest";
import { rejection } from "../support/settled.ts";

let opened = 0;
/** A WebSocket that counts how often it is opened. */
const WebSocket = class {
  constructor() {
    opened++;
    throw new Error("nothing may be opened");
  }
} as unknown as WebSocketConstructor;

/** Options that the compiler would refuse. */
const wrong = (options: object) => options as { readonly WebSocket: WebSocketConstructor };
const url = "ws://localhost:1";

const SIMILAR: readonly [object, string][] = [
  [{ conectTimeout: 5 }, 'unknown option "conectTimeout" (did you mean "connectTimeout"?)'],
  [{ websocket: WebSocket }, 'unknown option "websocket" (did you mean "WebSocket"?)'],
  [{ requireTls: true }, 'unknown option "requireTls" (did you mean "requireTLS"?)'],
  [{ ca: [] }, 'unknown option "ca"'],
  [{ signal: null }, "the option signal must not be null"],
  [{ requireTLS: null }, "the option requireTLS must not be null"],
];

describe.each([
  ["ampwire/websocket", connect, reconnecting],
  ["ampwire/websocket/client", client.connect, client.reconnecting],
] as const)("%s", (_, connecting, keeping) => {
  test.each(SIMILAR)("connect rejects for %j", async (options, message) => {
    const error = await rejection(connecting(url, wrong({ WebSocket, ...options })));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe(`connect: ${message}`);
    expect(opened).toBe(0);
  });

  test.each([...SIMILAR, [{ queues: {} }, 'unknown option "queues" (did you mean "queue"?)'] as const])(
    "reconnecting throws for %j",
    (options, message) => {
      const keep = () => keeping({ url, ...wrong({ WebSocket, ...options }) });
      expect(keep).toThrow(new TypeError(`reconnecting: ${message}`));
      expect(opened).toBe(0);
    },
  );

  test("reconnecting with open throws for options of a connection", () => {
    const open = () => new Promise<never>(() => {});
    const keep = () => keeping({ open, ...wrong({ requireTLS: true }) });
    expect(keep).toThrow(/^reconnecting: unknown option "requireTLS"/);
  });

  test("tls is an unknown option, because the URL selects TLS", async () => {
    const error = await rejection(connecting(url, wrong({ WebSocket, tls: {} })));
    expect(error.message).toMatch(/^connect: unknown option "tls"/);
  });
});

test("attach refuses unknown options", () => {
  const socket = { readyState: 1 } as WebSocketLike;
  expect(() => attach(socket, { secured: true } as object)).toThrow(
    new TypeError('attach: unknown option "secured" (did you mean "secure"?)'),
  );
  expect(() => attach(socket, { connectTimeout: 5 } as object)).toThrow(/unknown option "connectTimeout"/);
});

test("serverOptions refuses unknown options", () => {
  expect(() => serverOptions({ limit: {} } as object)).toThrow(
    /unknown option "limit" \(did you mean "limits"\?\)/,
  );
  expect(() => serverOptions({ limits: { maxBoxByte: 1 } as object })).toThrow(/did you mean "maxBoxBytes"/);
});

test("the client refuses a heartbeat that heartbeat() has not made", async () => {
  const error = await rejection(client.connect(url, wrong({ WebSocket, heartbeat: { interval: 1000 } })));
  expect(error.message).toBe("the option heartbeat must be made by heartbeat({ interval })");
  expect(opened).toBe(0);
});

test("a page that only calls has none of the options for serving", async () => {
  for (const name of ["locator", "receiver", "closeOnUndeclaredError"]) {
    const error = await rejection(client.connect(url, wrong({ WebSocket, [name]: {} })));
    expect(error.message).toContain(`connect: unknown option "${name}"`);
  }
});
