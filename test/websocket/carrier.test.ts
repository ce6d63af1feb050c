/** `WebSocketTransport` over a WebSocket that a test controls: what it sends, polls and counts as unsent. */
import { ProtocolError } from "ampwire";
import { manualClock } from "ampwire/testing";
import type { WebSocketEvent, WebSocketLike } from "ampwire/websocket";
import { expect, test } from "vitest";
import { WebSocketTransport } from "../../src/websocket/websocket-transport.ts";
import { ReceiverProbe } from "../support/receiver-probe.ts";

const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

function controlled(url?: string) {
  const listeners = new Map<string, (event: WebSocketEvent) => void>();
  const sent: number[] = [];
  const messages: number[] = [];
  const closes: (number | undefined)[] = [];
  const socket = {
    url,
    binaryType: "",
    readyState: OPEN,
    bufferedAmount: 0,
    send: (bytes: Uint8Array) => {
      messages.push(bytes.length);
      sent.push(...bytes);
    },
    close: (code?: number) => void closes.push(code),
    addEventListener: (type: string, listener: (event: WebSocketEvent) => void) =>
      void listeners.set(type, listener),
  };
  const clock = manualClock();
  const like = socket as unknown as WebSocketLike; // the transport uses nothing else of a socket
  const transport = new WebSocketTransport(like, clock, false, 1000);
  const probe = new ReceiverProbe();
  transport.start(probe);
  const emit = (type: string, event: WebSocketEvent) => listeners.get(type)?.(event);
  return { socket, clock, transport, probe, sent, messages, closes, emit };
}

test("a socket with a URL is of a client, and one without is of a server", () => {
  expect(controlled("ws://localhost/").transport.tlsRole).toBe("client");
  expect(controlled("").transport.tlsRole).toBe("server");
  expect(controlled().transport.tlsRole).toBe("server");
});

test("a socket that sends at once is not polled, and receives messages as ArrayBuffers", async () => {
  const { clock, socket, transport, sent } = controlled();
  transport.write(Uint8Array.of(1, 2), Uint8Array.of(3));
  await transport.flushed();
  expect([sent, clock.pending, socket.binaryType]).toEqual([[1, 2, 3], 0, "arraybuffer"]);
});

test("a socket with unsent bytes is polled by one timer until they are sent", async () => {
  const { clock, probe, socket, transport } = controlled();
  socket.bufferedAmount = 3;
  transport.write(Uint8Array.of(1));
  expect(clock.pending).toBe(1);
  transport.write(Uint8Array.of(2));
  let flushed = 0;
  for (let waiter = 0; waiter < 2; waiter++) void transport.flushed().then(() => flushed++);
  expect([transport.unsent, clock.pending]).toEqual([3, 1]);
  for (const delay of [5, 10, 20, 40, 80, 100, 100]) {
    clock.advance(delay - 1);
    expect(clock.pending).toBe(1);
    clock.advance(1);
    expect([clock.pending, probe.drains]).toEqual([1, 0]);
  }
  socket.bufferedAmount = 0;
  clock.advance(99);
  expect(probe.drains).toBe(0);
  clock.advance(1);
  await transport.flushed();
  expect([clock.pending, probe.drains, flushed]).toEqual([0, 1, 2]);
  socket.bufferedAmount = 1;
  void transport.flushed();
  expect(clock.pending).toBe(1); // polled again
});

test("a message is neither empty nor longer than 64 KiB", () => {
  const { transport, messages } = controlled();
  transport.write(new Uint8Array(0), new Uint8Array(64 * 1024), new Uint8Array(64 * 1024 + 1));
  expect(messages).toEqual([65_536, 65_536, 1]);
});

test("end() closes an open or connecting socket, and nothing closes a closing one", () => {
  const { socket, transport, closes } = controlled();
  transport.end();
  socket.readyState = 0;
  transport.end();
  socket.readyState = CLOSING;
  transport.end();
  transport.destroy(new Error("enough"));
  expect(closes).toEqual([1000, 1000]);
});

test.each([CLOSING, CLOSED])("nothing is sent to a socket in the state %i", (state) => {
  const { socket, transport, sent } = controlled();
  socket.readyState = state;
  transport.write(Uint8Array.of(1));
  expect(sent).toEqual([]);
});

test("bytes that a closed socket keeps are not unsent, and neither are those of a destroyed transport", () => {
  const { socket, transport, sent } = controlled();
  socket.bufferedAmount = 3;
  socket.readyState = CLOSING;
  expect(transport.unsent).toBe(3);
  socket.readyState = CLOSED;
  expect(transport.unsent).toBe(0);
  socket.readyState = OPEN;
  transport.destroy();
  transport.write(Uint8Array.of(1));
  expect([transport.unsent, sent]).toEqual([0, []]);
});

test.each([
  [
    "a violation that ws has found",
    Object.assign(new Error("odd frame"), { code: "WS_ERR_INVALID_OPCODE" }),
    true,
  ],
  ["an error of the system", Object.assign(new Error("reset"), { code: "ECONNRESET" }), false],
  [
    "an error whose code only contains that of a violation",
    Object.assign(new Error("no"), { code: "X_WS_ERR_" }),
    false,
  ],
])("%s is the reason of the loss", (_, error, violation) => {
  const { emit, probe } = controlled();
  emit("error", { error });
  emit("error", { error: new Error("a later one") });
  emit("close", { code: 1006 });
  const [reason] = probe.reasons;
  expect(reason?.message).toBe(error.message);
  expect(reason instanceof ProtocolError).toBe(violation);
  expect(violation ? reason?.cause : reason).toBe(error);
});
