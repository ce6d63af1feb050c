/** A connection that is sent anything at all: nothing runs that was not asked, nothing runs twice, and it ends in order. */
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

/** What a responder leaves behind: the name of its command and its text. */
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

/** What the stream asks, in order, as far as it is boxes: what is executed must be the beginning of it. */
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

/** What a bit of the first byte means; the other bytes are what the peer sends. */
const CUT = 1;
const NARROW_LIMITS = 2;
const UPGRADE_OF_OURS = 4;
const TIME_PASSES = 8;
const DESTROYED = 16;

/** The first byte says how the others are cut, and what else happens meanwhile. */
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
  // The peer has ended, nobody is at work, and the time for every courtesy is over.
  clock.advance(30_000);
  await flushPending();
  clock.advance(30_000);
  await flushPending();
  const reason = await Promise.race([connection.closed, settled(3).then(() => undefined)]);
  assert(reason instanceof Error, `the connection is ${connection.state} and does not end`);
  // Nor can it behind the beginning of a handshake that it has no part in.
  const heard =
    ended || connection.state === "switched" || how & UPGRADE_OF_OURS || executed.includes("StartTLS");
  assert(heard, "the peer does not hear of the end");
  assert(clock.pending === 0, `${clock.pending} timers are left`);
  for (const [i, outcome] of outcomes.entries()) {
    assert(outcome.length === 1, `call ${i} was settled ${outcome.length} times`);
    assert(outcome[0] === "resolved" || outcome[0] instanceof Error, `call ${i} rejects with ${outcome[0]}`);
  }

  const { asks, answers } = asked(bytes);
  let next = 0;
  for (const one of executed) {
    while (next < asks.length && asks[next].name !== one) next++;
    assert(next < asks.length, `${one} was executed and not asked, or twice, or out of turn: ${executed}`);
    next++;
  }
  const change = executed.findIndex((one) => CHANGES.includes(one));
  const last = asks.findIndex(({ name }, i) => i >= change && name === executed[change]);
  if (change >= 0 && asks[last].tag !== undefined)
    assert(change === executed.length - 1, `executed behind a change of protocol: ${executed}`);
  for (const [i, [outcome]] of outcomes.entries())
    if (outcome === "resolved") assert(answers.has(String(i + 1)), `call ${i} resolved without an answer`);
  if (how & UPGRADE_OF_OURS)
    assert(outcomes[3][0] !== "resolved" || bytes.length === 0, "TLS was started with a peer that has none");
  for (const [, outcome] of outcomes.entries())
    if (outcome[0] instanceof CallTimeout)
      assert(how & TIME_PASSES || how & UPGRADE_OF_OURS, "a call timed out before its time");
  answeredOnce(answered, asks);
}

/** Every ask is answered once at most, and nothing is answered that was not asked. */
function answeredOnce(reader, asks) {
  const open = new Map();
  for (const { tag } of asks) if (tag !== undefined) open.set(tag, (open.get(tag) ?? 0) + 1);
  for (let box = reader.next(); box !== undefined; box = reader.next()) {
    const tag = box.text("_answer") ?? box.text("_error");
    if (tag === undefined) continue; // an ask of ours
    assert((open.get(tag) ?? 0) > 0, `an answer to ${tag}, which is not asked or was answered`);
    open.set(tag, open.get(tag) - 1);
  }
}

export const connection = [
  {
    name: "connection",
    promise: "nothing is executed twice or unasked, no promise and no timer is left, the end is orderly",
    arbitrary: fc
      .tuple(fc.nat(31), fc.oneof({ weight: 5, arbitrary: stream }, fc.uint8Array({ maxLength: 40 })))
      .map(([how, bytes]) => Uint8Array.from([how, ...bytes])),
    check,
    bytes: true,
    share: 2,
  },
];
