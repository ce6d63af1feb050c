/** A connection that receives any bytes: it executes each ask at most once and nothing else, and it ends properly. */
import {
  BoxReader,
  CallTimeout,
  Connection,
  command,
  locator,
  ProtocolSwitchCommand,
  StartTLS,
  unicode,
} from "ampwire";
import { flushPending, manualClock, memoryTransports, randomChunking } from "ampwire/testing";
import * as fc from "fast-check";
import { stream } from "./boxes.mjs";
import { assert, settled } from "./promises.mjs";

class Declared extends Error {}
const text = { text: unicode() };
const Mark = command("Mark", { arguments: text, response: text });
const Boom = command("Boom", { errors: { BOOM: Declared } });
const Late = command("Late");
const Switch = new ProtocolSwitchCommand("Switch");

/** Responders that record the name of their command and its text. */
function responders(executed, waiting) {
  return locator(
    Mark.responder((args) => {
      executed.push(`Mark ${args.text}`);
      return args;
    }),
    Boom.responder(() => {
      executed.push("Boom");
      throw new Declared("boom");
    }),
    Late.responder(() => {
      executed.push("Late");
      return new Promise((resolve) => waiting.push(resolve));
    }),
    {
      amp_RAW: (box) => {
        executed.push("Raw");
        return box;
      },
    },
    StartTLS.responder(() => {
      executed.push("StartTLS");
      return {};
    }),
    Switch.responder(() => {
      executed.push("Switch");
      return { protocol: () => {} };
    }),
  );
}

/**
 * Returns the asks of the stream in order, up to the first invalid box. What is executed must be a subsequence of them.
 */
function asked(bytes) {
  const reader = new BoxReader();
  reader.push(bytes);
  const asks = [];
  const answers = new Set();
  try {
    for (let box = reader.next(); box !== undefined; box = reader.next()) {
      if (box.has("_answer") || box.has("_error")) answers.add(box.text("_answer") ?? box.text("_error"));
      else if (box.has("_command")) asks.push(askOf(box));
      else break;
    }
  } catch {
    // Not AMP from here on.
  }
  return { asks, answers };
}

function askOf(box) {
  const name = box.text("_command");
  const mark = name === "Mark" ? `Mark ${box.text("text")}` : name;
  return { name: /^raw$/i.test(name) ? "Raw" : mark, tag: box.text("_ask") };
}

const CHANGES = ["StartTLS", "Switch"];

/** Bits of the first byte of an input. The other bytes are sent by the peer. */
const CUT = 1;
const NARROW_LIMITS = 2;
const UPGRADE_OF_OURS = 4;
const TIME_PASSES = 8;
const DESTROYED = 16;

/** Checks an input. Its first byte determines how the others are chunked and what happens meanwhile. */
async function check(input) {
  if (input.length === 0) return;
  const [how, bytes] = [input[0], input.subarray(1)];
  const clock = manualClock();
  const [mine, theirs] = memoryTransports({
    fakeTLS: true,
    chunking: how & CUT ? randomChunking(how, 9) : undefined,
  });
  const executed = [];
  const waiting = [];
  const limits =
    how & NARROW_LIMITS
      ? { maxAsksInProgress: 2, maxUnsentBytes: 400, maxBoxBytes: 500, boxTimeout: 500, idleTimeout: 1000 }
      : {};
  const connection = new Connection(mine, clock, {
    locator: responders(executed, waiting),
    limits,
    callTimeout: 500,
  });
  const answered = new BoxReader({ maxBoxBytes: Infinity, maxBoxKeys: Infinity });
  let ended = false;
  theirs.start({
    received: (chunk) => answered.push(chunk),
    ended: () => {
      ended = true;
    },
    drained() {},
    lost: () => {
      ended = true;
    },
  });

  const calls = Array.from({ length: 3 }, (_, i) => connection.callRemote(Mark, { text: String(i) }));
  if (how & UPGRADE_OF_OURS) calls.push(connection.startTLS());
  const outcomes = calls.map(() => []);
  for (const [i, call] of calls.entries())
    call.then(
      () => outcomes[i].push("resolved"),
      (error) => outcomes[i].push(error),
    );
  theirs.write(bytes);
  await settled();
  for (const resolve of waiting.splice(0)) resolve();
  if (how & TIME_PASSES) clock.advance(600);
  if (how & DESTROYED) theirs.destroy();
  else theirs.end();
  await settled();
  while (waiting.length > 0) {
    waiting.shift()();
    await settled(1);
  }
  // The peer has ended, no responder is running, and every grace period is over.
  clock.advance(30_000);
  await flushPending();
  clock.advance(30_000);
  await flushPending();
  const reason = await Promise.race([connection.closed, settled(3).then(() => undefined)]);
  assert(reason instanceof Error, `the connection is ${connection.state} and does not end`);
  // After the start of a handshake that the peer takes no part in, the peer cannot see the end.
  const heard =
    ended || connection.state === "switched" || how & UPGRADE_OF_OURS || executed.includes("StartTLS");
  assert(heard, "the peer does not see the end");
  assert(clock.pending === 0, `${clock.pending} timers are left`);
  for (const [i, outcome] of outcomes.entries()) {
    assert(outcome.length === 1, `call ${i} was settled ${outcome.length} times`);
    assert(outcome[0] === "resolved" || outcome[0] instanceof Error, `call ${i} rejects with ${outcome[0]}`);
  }

  const { asks, answers } = asked(bytes);
  let next = 0;
  for (const one of executed) {
    while (next < asks.length && asks[next].name !== one) next++;
    assert(next < asks.length, `${one} was executed without an ask, twice or out of order: ${executed}`);
    next++;
  }
  const change = executed.findIndex((one) => CHANGES.includes(one));
  const last = asks.findIndex(({ name }, i) => i >= change && name === executed[change]);
  if (change >= 0 && asks[last].tag !== undefined)
    assert(change === executed.length - 1, `executed after a protocol change: ${executed}`);
  for (const [i, [outcome]] of outcomes.entries())
    if (outcome === "resolved") assert(answers.has(String(i + 1)), `call ${i} resolved without an answer`);
  if (how & UPGRADE_OF_OURS)
    assert(outcomes[3][0] !== "resolved" || bytes.length === 0, "TLS was started with a peer without TLS");
  for (const [, outcome] of outcomes.entries())
    if (outcome[0] instanceof CallTimeout)
      assert(how & TIME_PASSES || how & UPGRADE_OF_OURS, "a call timed out too early");
  answeredOnce(answered, asks);
}

/** Checks that every ask is answered at most once, and nothing else is answered. */
function answeredOnce(reader, asks) {
  const open = new Map();
  for (const { tag } of asks) if (tag !== undefined) open.set(tag, (open.get(tag) ?? 0) + 1);
  for (let box = reader.next(); box !== undefined; box = reader.next()) {
    const tag = box.text("_answer") ?? box.text("_error");
    if (tag === undefined) continue; // an ask of this end
    assert((open.get(tag) ?? 0) > 0, `an answer to ${tag}, which is not asked or was answered`);
    open.set(tag, open.get(tag) - 1);
  }
}

export const connection = [
  {
    name: "connection",
    promise:
      "a connection executes nothing twice or unasked, leaves no promise and no timer, and ends properly",
    arbitrary: fc
      .tuple(fc.nat(31), fc.oneof({ weight: 5, arbitrary: stream }, fc.uint8Array({ maxLength: 40 })))
      .map(([how, bytes]) => Uint8Array.from([how, ...bytes])),
    check,
    bytes: true,
    share: 2,
  },
];
