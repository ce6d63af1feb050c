/**
 * Callers and workers over a NATS server in memory, for any order of calls, lost, late, doubled and reordered messages, broken
 * connections, and workers that start, drain and die. Every guarantee of `ampwire/nats` holds.
 */
import {
  AmpError,
  ConnectionLost,
  command,
  integer,
  LimitExceeded,
  locator,
  ResponderLost,
  Unavailable,
  UnhandledCommand,
  unicode,
} from "ampwire";
import { caller, serve } from "ampwire/nats";
import { manualClock, memoryNats } from "ampwire/testing";
import * as fc from "fast-check";
import { assert } from "./promises.mjs";

class Declared extends Error {}
const shape = {
  arguments: { id: integer(), how: unicode() },
  response: { id: integer() },
  errors: { DECLARED: Declared },
};
const Once = command("Once", shape);
const Again = command("Again", { ...shape, idempotent: true });
const Tell = command("Tell", { arguments: { id: integer() }, requiresAnswer: false });

const MAX_ATTEMPTS = 2;
/** Milliseconds of one step of the clock. */
const STEP = 100;
/** Milliseconds in which every call must be settled once the network is well: silence, patience, and the longest responder, twice. */
const SETTLED_IN = 20_000;

/** Lets all promises settle. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

class World {
  clock = manualClock();
  faults = [];
  duplicates = false;
  nats = memoryNats({ clock: this.clock, fault: () => this.faults.shift() });
  executed = new Map();
  calls = [];
  workers = [];
  closing = [];
  connections = [];
  callers = [];

  connect() {
    const connection = this.nats.connect();
    this.connections.push(connection);
    return connection;
  }

  async begin({ callers, workers, maxAsks }) {
    this.maxAsks = maxAsks;
    for (let i = 0; i < callers; i++) {
      const connection = this.connect();
      const options = { service: "s", clock: this.clock, maxAttempts: MAX_ATTEMPTS, queue: { maxCalls: 5 } };
      this.callers.push({ connection, caller: caller(connection, options) });
    }
    for (let i = 0; i < workers; i++) await this.startWorker();
  }

  async startWorker() {
    const connection = this.connect();
    const execute = ({ id, how }) => {
      this.executed.set(id, (this.executed.get(id) ?? 0) + 1);
      if (how === "crash") {
        this.kill(this.workers.find((one) => one.connection === connection) ?? { connection });
        return new Promise(() => {});
      }
      if (how === "declared") throw new Declared("declared");
      if (how === "undeclared") throw new Error("undeclared");
      if (how === "at once") return { id };
      return new Promise((resolve) => {
        this.clock.setTimeout(() => resolve({ id }), how === "slow" ? 4_500 : 300);
      });
    };
    const worker = await serve(connection, {
      service: "s",
      clock: this.clock,
      maxAsksInProgress: this.maxAsks,
      locator: locator(
        Once.responder(execute),
        Again.responder(execute),
        Tell.responder(({ id }) => void this.executed.set(id, (this.executed.get(id) ?? 0) + 1)),
      ),
    }).catch((error) => {
      // The network is not well: the program would start it again.
      assert(error instanceof ConnectionLost, `serve() has rejected with ${error}`);
    });
    if (worker !== undefined) this.workers.push({ connection, worker });
  }

  kill(worker) {
    this.workers = this.workers.filter((one) => one !== worker);
    worker.connection.disconnect();
    worker.connection.reconnect = () => {}; // its process has ended
  }

  call({ caller: index, idempotent, how, timeout }) {
    const { caller: own } = this.callers[index % this.callers.length];
    const id = this.calls.length + 1;
    const call = { id, idempotent, how, outcomes: [] };
    this.calls.push(call);
    own.callRemote(idempotent ? Again : Once, { id, how }, timeout ? { timeout } : undefined).then(
      (value) => call.outcomes.push({ value }),
      (error) => call.outcomes.push({ error }),
    );
  }

  tell({ caller: index }) {
    const id = this.calls.length + 1;
    const call = { id, isTell: true, outcomes: [{}] };
    this.calls.push(call);
    try {
      this.callers[index % this.callers.length].caller.callRemote(Tell, { id });
    } catch (error) {
      assert(error instanceof LimitExceeded, `a command without an answer has thrown ${error}`);
      call.refused = true;
    }
  }

  async advance(milliseconds) {
    for (let passed = 0; passed < milliseconds; passed += STEP) {
      this.clock.advance(STEP);
      await settle();
    }
  }

  async do(step) {
    const worker = this.workers[step.index % this.workers.length];
    if (step.kind === "call") this.call(step);
    else if (step.kind === "tell") this.tell(step);
    else if (step.kind === "fault") {
      this.duplicates ||= step.fault.duplicate === true;
      this.faults.push(...Array(step.after).fill(undefined), step.fault);
    } else if (step.kind === "advance") await this.advance(step.milliseconds);
    else if (step.kind === "start") await this.startWorker();
    else if (step.kind === "break") this.callers[step.index % this.callers.length].connection.disconnect();
    else if (step.kind === "mend") for (const { connection } of this.callers) connection.reconnect();
    else if (step.kind === "restart") {
      this.nats.stop();
      await settle();
      // Workers that have been killed do not come back.
      for (const { connection, isDead } of [...this.callers, ...this.workers])
        if (!isDead) connection.reconnect();
    } else if (step.kind === "drain" && worker !== undefined) {
      this.workers.splice(this.workers.indexOf(worker), 1);
      this.closing.push(worker.worker.close({ timeout: 10_000 }));
    } else if (step.kind === "kill" && worker !== undefined) {
      this.kill(worker);
    }
    if (step.flush) await settle();
  }

  async end() {
    this.faults = [];
    for (const { connection } of this.callers) connection.reconnect();
    await this.startWorker();
    await this.advance(SETTLED_IN);
    await Promise.all(this.closing);
    for (const connection of this.connections)
      assert(connection.thrown === undefined, `a callback has thrown ${connection.thrown}`);
    for (const { caller: own } of this.callers) {
      assert(own.inProgress === 0, `${own.inProgress} calls are in progress`);
      assert(own.waiting === 0, `${own.waiting} calls wait`);
    }
    for (const call of this.calls) this.check(call);
  }

  check({ id, idempotent, how, isTell, refused, outcomes }) {
    const executed = this.executed.get(id) ?? 0;
    assert(outcomes.length === 1, `call ${id} has settled ${outcomes.length} times`);
    // A copy of a message without a reply subject cannot be told from another message.
    const most = idempotent || (isTell && this.duplicates) ? MAX_ATTEMPTS : 1;
    assert(executed <= most, `call ${id} was executed ${executed} times`);
    if (isTell) return assert(!refused || executed === 0, `command ${id} was refused and executed`);
    const [{ value, error }] = outcomes;
    if (error === undefined) {
      assert(value.id === id, `call ${id} has got the answer of ${value.id}`);
      return assert(executed > 0, `call ${id} has an answer, but was not executed`);
    }
    if (error instanceof Declared)
      return assert(how === "declared" && executed > 0, `call ${id} has a foreign error`);
    assert(error instanceof AmpError, `call ${id} has rejected with ${error}`);
    const notExecuted =
      error instanceof Unavailable || error instanceof UnhandledCommand || error instanceof LimitExceeded;
    if (notExecuted) assert(executed === 0, `call ${id} was executed, and reported as ${error.name}`);
    if (error instanceof UnhandledCommand)
      throw new Error(`call ${id} is unhandled, but every worker serves it`);
    if (error instanceof ResponderLost) assert(!(error instanceof Unavailable), "one error has two meanings");
  }
}

const index = fc.nat(3);
const fault = fc.oneof(
  fc.constant({ lose: true }),
  fc.constant({ duplicate: true }),
  fc.constant({ reorder: true }),
  fc.record({ delay: fc.integer({ min: 1, max: 6_000 }) }),
  fc.record({ delay: fc.integer({ min: 1, max: 6_000 }), duplicate: fc.constant(true) }),
);
const how = fc.constantFrom("at once", "at once", "soon", "soon", "slow", "declared", "undeclared", "crash");
const flush = fc.boolean();
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("call"),
      caller: index,
      idempotent: fc.boolean(),
      how,
      timeout: fc.constantFrom(undefined, undefined, 1_000),
      flush,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("tell"), caller: index, flush }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("fault"), after: fc.nat(4), fault }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("advance"), milliseconds: fc.integer({ min: 1, max: 3_000 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom("start", "break", "mend", "restart", "drain", "kill"),
      index,
      flush,
    }),
  },
);

export const nats = [
  {
    name: "nats",
    promise: "over NATS every call settles once, and runs at most once unless it is idempotent",
    share: 6,
    arbitrary: fc.record({
      callers: fc.integer({ min: 1, max: 3 }),
      workers: fc.nat(3),
      maxAsks: fc.constantFrom(1, 2, 1_000),
      steps: fc.array(step, { maxLength: 25 }),
    }),
    async check(input) {
      const world = new World();
      await world.begin(input);
      for (const one of input.steps) await world.do(one);
      await world.end();
    },
  },
];
