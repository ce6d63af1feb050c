/**
 * Two connections and a model of their promises, for any interleaving of asks, answers, chunks, upgrades, switches and
 * ends. Nothing is lost, answered twice, executed out of order, or left pending.
 */
import {
  AmpError,
  BoxTimeout,
  command,
  integer,
  KeyTooLong,
  locator,
  MalformedAmpBox,
  NoEmptyBoxes,
  PlaintextAfterStartTLS,
  ProtocolSwitchCommand,
  StartTLS,
  StartTLSCollision,
  TLSNotAvailable,
  UnexpectedAnswer,
  unicode,
} from "ampwire";
import { connectedPair, flushPending, manualClock, randomChunking } from "ampwire/testing";
import * as fc from "fast-check";
import { assert, settled } from "./promises.mjs";

class Declared extends Error {}
class Aborted extends Error {}
const Do = command("Do", {
  arguments: { id: integer(), how: unicode(), filler: unicode() },
  response: { id: integer() },
  errors: { DECLARED: Declared },
});
const Tell = command("Tell", { arguments: { id: integer() }, requiresAnswer: false });
const Switch = new ProtocolSwitchCommand("Switch", { errors: { DECLARED: Declared } });

/** Errors that never occur between two correct ends, whatever both do at once. */
const NEVER = [
  BoxTimeout,
  KeyTooLong,
  MalformedAmpBox,
  NoEmptyBoxes,
  PlaintextAfterStartTLS,
  UnexpectedAnswer,
];

/** Milliseconds that pass at a time. By then everything sent has arrived, unless an end does not read. */
const WHILE = 10;

class World {
  clock = manualClock();
  ends = [];
  /** Per end: executed ids, responders in progress, and the stream received by a switch. */
  executed = [[], []];
  waiting = [[], []];
  streams = [undefined, undefined];
  calls = [];
  tells = [];
  changes = [];
  ending = false;
  nextId = 1;

  constructor({ seed, longest, capacity, refuse, limits }) {
    this.refuse = refuse;
    const options = [0, 1].map((side) => ({ locator: this.locator(side), limits }));
    this.ends = connectedPair(...options, {
      clock: this.clock,
      capacity,
      fakeTLS: true,
      chunking: longest === 0 ? undefined : randomChunking(seed, longest),
    });
  }

  locator(side) {
    return locator(
      Do.responder(({ id, how }, { connection }) => {
        this.executed[side].push(id);
        if (how === "fail") throw new Declared("as asked");
        if (how === "later")
          return new Promise((resolve, reject) => this.waiting[side].push({ id, resolve, reject }));
        if (how === "back") this.ask(side, "now", 0, connection);
        return { id };
      }),
      Tell.responder(({ id }) => void this.executed[side].push(id)),
      StartTLS.responder(() => {
        if (this.refuse) throw new TLSNotAvailable("refused here");
        return {};
      }),
      Switch.responder(() => {
        if (this.refuse) throw new Declared("refused here");
        return { protocol: (stream) => this.switched(side, stream) };
      }),
    );
  }

  switched(side, stream) {
    const got = [];
    this.streams[side] = { got, stream };
    stream.start({ received: (chunk) => got.push(chunk), ended() {}, drained() {}, lost() {} });
    stream.write(Buffer.from(`from ${side}`));
  }

  ask(side, how, size, connection = this.ends[side]) {
    const abort = new AbortController();
    const call = {
      side,
      id: this.nextId++,
      how,
      abort,
      outcomes: [],
      given:
        connection.state === "open" || connection.state === "upgrading" || connection.state === "switching",
    };
    this.calls.push(call);
    connection.callRemote(Do, { id: call.id, how, filler: "x".repeat(size) }, { signal: abort.signal }).then(
      (value) => call.outcomes.push({ value }),
      (error) => call.outcomes.push({ error }),
    );
  }

  tell(side) {
    const id = this.nextId++;
    try {
      this.ends[side].callRemote(Tell, { id });
      this.tells.push({ side, id });
    } catch (error) {
      assert(error instanceof AmpError, `a call without answer threw ${error}`);
    }
  }

  change(side, kind) {
    const change = { side, kind, outcomes: [] };
    this.changes.push(change);
    const connection = this.ends[side];
    const made =
      kind === "upgrade"
        ? connection.startTLS()
        : connection.callRemote(Switch, { protocol: (stream) => this.switched(side, stream) });
    made.then(
      () => change.outcomes.push({}),
      (error) => change.outcomes.push({ error }),
    );
  }

  async act({ kind, side, how, n, size }) {
    if (kind === "ask") this.ask(side, how, size);
    else if (kind === "tell") this.tell(side);
    else if (kind === "answer") this.answer(side, n, how);
    else if (kind === "upgrade" || kind === "switch") this.change(side, kind);
    else if (kind === "abort") this.abort(n);
    else if (kind === "wait") await settled(1);
    else if (kind === "microtask") await undefined;
    else if (kind === "time") await this.pass();
    else {
      this.ending = true;
      if (kind === "close") void this.ends[side].close();
      else this.ends[side].destroy();
    }
  }

  async pass() {
    await flushPending();
    this.clock.advance(WHILE);
  }

  answer(side, n, how) {
    const { waiting } = this;
    if (waiting[side].length === 0) return;
    const [{ id, resolve, reject }] = waiting[side].splice(n % waiting[side].length, 1);
    if (how === "fail") reject(new Declared("in the end"));
    else resolve({ id });
  }

  abort(n) {
    if (this.calls.length === 0) return;
    const call = this.calls[n % this.calls.length];
    call.aborted = true;
    call.abort.abort(new Aborted("by the caller"));
  }

  async answerAll() {
    for (let round = 0; round < 50; round++) {
      await settled(1);
      if (this.waiting[0].length + this.waiting[1].length === 0) break;
      for (const side of [0, 1]) while (this.waiting[side].length > 0) this.answer(side, 0, "now");
    }
  }
}

async function check({ actions, ...setup }) {
  const world = new World(setup);
  for (const action of actions) await world.act(action);
  await world.answerAll();
  await flushPending();
  await world.answerAll();
  const handedOver = world.streams.some((one) => one !== undefined);
  const askedBy = new Set(world.changes.map(({ side }) => side));
  const upgradeRefused = setup.refuse && world.changes.some(({ kind }) => kind === "upgrade");
  // Without any of these, nothing has a reason to fail.
  const undisturbed = !world.ending && !handedOver && askedBy.size < 2 && !upgradeRefused;
  if (undisturbed) complete(world);

  for (const end of world.ends) void end.close();
  await world.answerAll();
  world.clock.advance(60_000);
  await flushPending();
  await world.answerAll();
  world.clock.advance(60_000);
  await flushPending();
  for (const [side, end] of world.ends.entries()) {
    const reason = await Promise.race([end.closed, settled(3).then(() => undefined)]);
    assert(reason instanceof AmpError, `end ${side} is ${end.state} and does not end`);
    assert(!NEVER.some((one) => reason instanceof one), `end ${side}: ${reason}`);
    if (reason instanceof StartTLSCollision)
      assert(askedBy.size === 2, `a collision with one asker: ${reason}`);
  }
  assert(world.clock.pending === 0, `${world.clock.pending} timers are left`);
  kept(world);
  if (handedOver) exchanged(world);
}

/** Checks that everything is done, in order. Called only if nothing interfered. */
function complete({ calls, tells, changes, executed, ends, refuse }) {
  for (const [side, end] of ends.entries())
    assert(end.reason === undefined, `end ${side} has ended: ${end.reason}`);
  for (const call of calls) {
    assert(call.outcomes.length === 1, `call ${call.id} is pending`);
    const [{ error }] = call.outcomes;
    assert(
      error === undefined || error instanceof Declared || call.aborted,
      `call ${call.id} fails: ${error}`,
    );
  }
  for (const { side, id } of tells) assert(executed[1 - side].includes(id), `tell ${id} is lost`);
  for (const call of calls)
    assert(executed[1 - call.side].includes(call.id) || call.aborted, `call ${call.id} was not executed`);
  if (!refuse)
    assert(
      changes.every(({ outcomes }) => outcomes.length === 1),
      "a protocol change is pending",
    );
}

/** Checks the promises that hold however the connections ended. */
function kept({ calls, changes, executed }) {
  for (const [side, ids] of executed.entries()) {
    const wanted = ids.every((id, i) => i === 0 || id > ids[i - 1]);
    assert(wanted, `end ${side} has executed twice or out of order: ${ids}`);
  }
  for (const { id, side, how, outcomes, aborted } of calls) {
    assert(outcomes.length === 1, `call ${id} was settled ${outcomes.length} times`);
    const [{ value, error }] = outcomes;
    if (error === undefined) {
      assert(value.id === id, `call ${id} got the answer of ${value.id}`);
      assert(executed[1 - side].includes(id), `call ${id} was answered and not executed`);
      assert(how !== "fail", `call ${id} did not fail as asked`);
    } else if (error instanceof Aborted) assert(aborted, `call ${id} was not aborted`);
    else assert(error instanceof AmpError || error instanceof Declared, `call ${id} fails with ${error}`);
  }
  for (const { kind, outcomes } of changes)
    assert(outcomes.length === 1, `an ${kind} was settled ${outcomes.length} times`);
}

/** Checks that after a switch the bytes of each end reach the other, without any box. */
function exchanged({ streams, ending }) {
  if (ending) return;
  for (const side of [0, 1]) {
    assert(streams[side] !== undefined, "only one end has switched");
    const text = Buffer.concat(streams[side].got).toString("latin1");
    assert(text === `from ${1 - side}`, `after the switch end ${side} was given ${JSON.stringify(text)}`);
  }
}

const action = fc.record({
  kind: fc.oneof(
    { weight: 8, arbitrary: fc.constant("ask") },
    { weight: 3, arbitrary: fc.constantFrom("tell", "answer", "wait", "microtask", "time") },
    { weight: 1, arbitrary: fc.constantFrom("upgrade", "upgrade", "switch", "abort", "close", "destroy") },
  ),
  side: fc.nat(1),
  how: fc.constantFrom("now", "now", "later", "later", "fail", "back"),
  n: fc.nat(20),
  size: fc.constantFrom(0, 0, 0, 10, 3000),
});

export const model = [
  {
    name: "model",
    promise: "in any interleaving nothing is lost, answered twice, executed out of order or left pending",
    arbitrary: fc.record({
      actions: fc.array(action, { maxLength: 30 }),
      seed: fc.integer(),
      longest: fc.constantFrom(0, 1, 5, 60),
      capacity: fc.constantFrom(1, 100, 64 * 1024),
      refuse: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
      limits: fc.constantFrom(
        {},
        { maxAsksInProgress: 1 },
        { maxAsksInProgress: 3 },
        { maxAsksInProgress: 1, boxTimeout: WHILE },
      ),
    }),
    check,
    share: 2.5,
  },
];
