/**
 * Wrong options, wrong calls, faulty codecs and responders, and a hostile peer, all at once. Every call settles, every
 * connection ends, no exception escapes, and nothing stays in memory.
 */
import {
  Box,
  BoxReader,
  bigUnicode,
  bytes,
  Connection,
  command,
  integer,
  locator,
  ProtocolSwitchCommand,
  RemoteAmpError,
  StartTLS,
  unicode,
} from "ampwire";
import { flushPending, manualClock, memoryTransports, randomChunking } from "ampwire/testing";
import * as fc from "fast-check";
import { stream } from "./boxes.mjs";
import { collect } from "./garbage.mjs";
import { assert, escapes, settled } from "./promises.mjs";

class Declared extends Error {}

/** Values that no API expects, by name: the name is what a counterexample shows. */
const JUNK = {
  undefined: () => undefined,
  null: () => null,
  "a number": () => 94,
  "a negative number": () => -1,
  NaN: () => Number.NaN,
  Infinity: () => Number.POSITIVE_INFINITY,
  "an empty text": () => "",
  "a text": () => "x",
  "a long text": () => "é".repeat(40_000),
  "a lone surrogate": () => "\ud800",
  true: () => true,
  "a bigint": () => 7n,
  "a symbol": () => Symbol("junk"),
  "an empty object": () => ({}),
  "an object without a prototype": () => Object.create(null),
  "an array": () => ["a", 1],
  "an array of itself": () => {
    const list = [];
    list.push(list);
    return list;
  },
  "a function": () => () => "called",
  "a function that throws": () => () => {
    throw new Declared("thrown by a function");
  },
  "a class": () => class Junk {},
  "a date": () => new Date(0),
  bytes: () => Uint8Array.of(1, 2),
  "a buffer of words": () => new Uint16Array(3),
  "an error": () => new Declared("junk"),
  "an error with getters that throw": () =>
    Object.defineProperties(new Declared(), {
      message: { get: throws },
      name: { get: throws },
      code: { get: throws },
      stack: { get: throws },
    }),
  "an error of a peer with an invalid description": () => new RemoteAmpError("X", "\ud800".repeat(70_000)),
  "a thenable that never settles": () => thenable(() => {}),
  "a thenable that settles twice": () =>
    thenable((resolve, reject) => {
      resolve({});
      reject(new Declared("settled twice"));
      resolve({ text: "again" });
    }),
  "a thenable that throws": () => thenable(throws),
  "a thenable with a getter that throws": () =>
    new Proxy({}, { get: (_, key) => key === "then" && throws() }),
  "a promise that rejects": () => {
    const promise = Promise.reject(new Declared("rejected"));
    promise.catch(() => {});
    return promise;
  },
  "a proxy that throws": () => new Proxy({}, { get: throws, has: throws, ownKeys: throws }),
  "a box": () => new Box([["text", "boxed"]]),
};

/** Returns an object that `await` handles like a promise. */
function thenable(then) {
  return { then };
}

function throws() {
  throw new Declared("thrown by a getter");
}

const junk = fc.constantFrom(...Object.keys(JUNK));
const make = (name) => JUNK[name]();

/** Codecs of which each is wrong in one way. */
const FAULTY = {
  "encode throws": { encode: throws, decode: (wire) => wire },
  "encode returns text": { encode: () => "text", decode: (wire) => wire },
  "encode returns too much": { encode: () => new Uint8Array(70_000), decode: (wire) => wire },
  "encode returns a promise": { encode: async () => new Uint8Array(1), decode: (wire) => wire },
  "decode throws": { encode: () => Uint8Array.of(1), decode: throws },
  "decode throws no error": {
    encode: () => Uint8Array.of(1),
    decode: () => {
      // biome-ignore lint/style/useThrowOnlyError: a faulty codec may throw anything
      throw undefined;
    },
  },
  "decode returns a promise that rejects": {
    encode: () => Uint8Array.of(1),
    decode: () => make("a promise that rejects"),
  },
  "decode returns a thenable": { encode: () => Uint8Array.of(1), decode: () => thenable(throws) },
  "decode changes its bytes": { encode: () => new Uint8Array(9), decode: (wire) => wire.fill(255) },
};

const text = { text: unicode() };
const errors = { BOOM: Declared };
const COMMANDS = {
  Mark: command("Mark", { arguments: text, response: text, errors }),
  Boom: command("Boom", { errors: { BOOM: Declared } }),
  Big: command("Big", { arguments: { text: bigUnicode() }, response: { total: integer() }, errors }),
  Tell: command("Tell", { arguments: text, requiresAnswer: false }),
  Raw: command("Raw", { arguments: { data: bytes() } }),
  Switch: new ProtocolSwitchCommand("Switch", { errors }),
  StartTLS,
  ...Object.fromEntries(
    Object.entries(FAULTY).map(([name, codec]) => [
      name,
      command("Mark", { arguments: { text: codec }, response: { text: codec }, errors }),
    ]),
  ),
};
const commandName = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...Object.keys(COMMANDS)) },
  junk.map((name) => `junk: ${name}`),
);
const commandOf = (name) => COMMANDS[name] ?? make(name.slice("junk: ".length));

/** A value, or the fields of a record. `{ fixed }` stands for a value that is right. */
const right = (value) => fc.constant({ fixed: value });
const fieldsOf = (fields) => fc.record(fields, { requiredKeys: [] }).map((record) => ({ record }));
const maybe = (arbitrary) => fc.oneof({ weight: 6, arbitrary }, { weight: 1, arbitrary: junk });

/** Builds the value that a description stands for. */
function build(described) {
  if (typeof described === "string") return make(described);
  if ("fixed" in described) return described.fixed;
  return Object.fromEntries(Object.entries(described.record).map(([key, value]) => [key, build(value)]));
}

const number = fc.oneof(fc.constantFrom(1, 2, 50, 400, 5000).chain(right), junk);
const LIMITS = [
  "maxBoxBytes",
  "maxBoxKeys",
  "maxAsksInProgress",
  "maxBytesInProgress",
  "maxElements",
  "maxHeldBytes",
  "maxUnsentBytes",
  "maxAbandonedCalls",
  "boxTimeout",
  "pauseTimeout",
  "unsentTimeout",
  "handshakeTimeout",
  "idleTimeout",
];
const limits = fieldsOf(Object.fromEntries([...LIMITS, "misspelt"].map((name) => [name, number])));
const flag = fc.oneof(right(true), right(false), junk);
const tls = maybe(
  fieldsOf({ localCertificate: junk, verifyAuthorities: junk, serverName: junk, minVersion: junk, ca: junk }),
);
const receiver = maybe(
  fieldsOf({
    startReceivingBoxes: maybe(right(() => {})),
    boxReceived: maybe(right(() => {})),
    stopReceivingBoxes: maybe(right(() => {})),
  }),
);
const rare = (arbitrary) => fc.oneof({ weight: 5, arbitrary: fc.constant("undefined") }, arbitrary);
const rightNumber = fc.constantFrom(1, 2, 50, 400, 5000, Number.POSITIVE_INFINITY).chain(right);
const anyOptions = maybe(
  fieldsOf({
    limits: rare(maybe(limits)),
    callTimeout: rare(number),
    heartbeat: rare(fieldsOf({ interval: number, timeout: number })),
    requireTLS: rare(flag),
    finishHalfClosed: rare(flag),
    closeOnUndeclaredError: rare(flag),
    observer: rare(fieldsOf({ callStarted: junk, callEnded: junk, changed: junk })),
    tls: rare(tls),
    receiver: rare(receiver),
    misspelt: rare(junk),
  }),
);
/** A connection that cannot be created ends the run, so most options are right. */
const rightOptions = fieldsOf({
  limits: fieldsOf(Object.fromEntries(LIMITS.map((name) => [name, rightNumber]))),
  callTimeout: rightNumber,
  heartbeat: fc.record({ record: fc.record({ interval: right(100), timeout: right(100) }) }),
  requireTLS: fc.oneof(right(true), right(false)),
  finishHalfClosed: fc.oneof(right(true), right(false)),
  closeOnUndeclaredError: fc.oneof(right(true), right(false)),
  onError: right(() => {}),
  observer: rare(fieldsOf({ callStarted: right(throws), callEnded: right(throws) })),
});
const options = fc.oneof({ weight: 4, arbitrary: rightOptions }, anyOptions);
const locatorKind = fc.oneof(
  { weight: 20, arbitrary: fc.constant("responders") },
  fc.constantFrom("throws", "returns junk", "junk"),
);

const signal = fc.oneof(
  fc.constantFrom("later", "aborted").map((name) => ({ signal: name })),
  junk,
);
const callOptions = rare(maybe(fieldsOf({ timeout: number, signal, onSent: junk, misspelt: junk })));
const args = maybe(
  fieldsOf({ text: maybe(right("one")), data: maybe(right(Uint8Array.of(1))), other: rare(junk) }),
);
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("call"), command: commandName, args, options: callOptions }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("callByName"),
      name: fc.oneof(fc.constantFrom("Mark", "Raw").chain(right), junk),
      box: maybe(right(new Box([["text", "x"]]))),
      options: callOptions,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("bytes"), bytes: stream }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom("wait", "microtask", "abort", "time", "pause", "resume") }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("upgrade"), options: rare(tls) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("end", "lose", "close") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("destroy"), reason: junk }) },
);

/** Behaviors of the responders, used in turn. */
const behaviour = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: "right" }) },
  fc.record({ kind: fc.constantFrom("returns", "throws", "rejects", "resolves later"), value: junk }),
);

/** Makes the connection, and everything around it, of one input. */
class World {
  clock = manualClock();
  calls = [];
  aborts = [];
  /** The values that a program chose: a call may reject with them. */
  #behaviours;
  #asked = 0;

  constructor(input) {
    this.#behaviours = input.behaviours;
    const [mine, theirs] = memoryTransports({
      fakeTLS: input.fakeTLS,
      capacity: input.capacity,
      chunking: input.cut ? randomChunking(input.seed, 30) : undefined,
    });
    this.theirs = theirs;
    const given = build(input.options);
    const hasOptions =
      typeof given === "object" && given !== null && Object.getPrototypeOf(given) === Object.prototype;
    this.mine = new Connection(
      mine,
      this.clock,
      hasOptions ? { ...given, locator: this.#locator(input.locator, input.junk) } : given,
    );
    if (input.peer === "correct") this.peer = this.#correct(theirs);
    else if (input.peer === "raw") this.#raw(theirs);
  }

  #locator(kind, name) {
    if (kind === "junk") return make(name);
    if (kind === "throws") return { locateResponder: throws };
    if (kind === "returns junk") return { locateResponder: () => make(name) };
    const respond = (args) => this.#respond(args);
    return locator(
      COMMANDS.Mark.responder(respond),
      COMMANDS.Boom.responder(respond),
      COMMANDS.Big.responder(respond),
      COMMANDS.Tell.responder(respond),
      COMMANDS.Switch.responder(respond),
      StartTLS.responder(respond),
      { amp_RAW: respond, amp_LATE: () => new Promise(() => {}), amp_SUM: respond },
    );
  }

  #respond(args) {
    const { kind, value } = this.#behaviours[this.#asked++ % this.#behaviours.length];
    if (kind === "right") return args;
    if (kind === "returns") return make(value);
    if (kind === "throws") throw make(value);
    if (kind === "rejects") return Promise.reject(make(value));
    return settled(1).then(() => make(value));
  }

  #correct(transport) {
    return new Connection(transport, this.clock, {
      locator: locator(
        COMMANDS.Mark.responder((given) => given),
        COMMANDS.Boom.responder(() => {
          throw new Declared("boom");
        }),
        { amp_RAW: (box) => box },
        COMMANDS.Big.responder(({ text: { length } }) => ({ total: length })),
      ),
    });
  }

  #raw(transport) {
    const reader = new BoxReader({ maxBoxBytes: Infinity, maxBoxKeys: Infinity });
    transport.start({ received: (chunk) => reader.push(chunk), ended() {}, drained() {}, lost() {} });
  }

  /** Makes a call of the API: it may throw an Error, or return a promise that settles. */
  #attempt(what, run) {
    let result;
    try {
      result = run();
    } catch (error) {
      assert(error instanceof Error, `${what} threw ${String(error)}`);
      return;
    }
    if (!(result instanceof Promise)) return;
    const call = { what, outcomes: 0 };
    this.calls.push(call);
    const settle = () => call.outcomes++;
    result.then(settle, settle);
  }

  #callOptions(described) {
    if (typeof described === "string") return make(described);
    const { signal: wanted, ...others } = described.record;
    const given = build({ record: others });
    if (wanted === undefined) return given;
    return { ...given, signal: typeof wanted === "string" ? make(wanted) : this.#signal(wanted) };
  }

  #signal({ signal: when }) {
    const abort = new AbortController();
    if (when === "aborted") abort.abort(new Declared("aborted before"));
    else this.aborts.push(abort);
    return abort.signal;
  }

  async act(step) {
    const { mine, theirs } = this;
    if (step.kind === "call")
      this.#attempt(`a call of ${step.command}`, () =>
        mine.callRemote(commandOf(step.command), build(step.args), this.#callOptions(step.options)),
      );
    else if (step.kind === "callByName")
      this.#attempt("a call by name", () =>
        mine.callRemoteString(build(step.name), build(step.box), this.#callOptions(step.options)),
      );
    else if (step.kind === "bytes") theirs.write(step.bytes);
    else if (step.kind === "upgrade") this.#attempt("startTLS", () => mine.startTLS(build(step.options)));
    else if (step.kind === "close") this.#attempt("close", () => mine.close());
    else if (step.kind === "destroy") this.#attempt("destroy", () => mine.destroy(make(step.reason)));
    else if (step.kind === "abort") this.aborts.shift()?.abort(new Declared("aborted"));
    else if (step.kind === "pause") theirs.pause();
    else if (step.kind === "resume") theirs.resume();
    else if (step.kind === "end") theirs.end();
    else if (step.kind === "lose") theirs.destroy();
    else if (step.kind === "time") await this.pass(500);
    else if (step.kind === "wait") await settled(1);
    else await undefined;
  }

  async pass(milliseconds) {
    await flushPending();
    this.clock.advance(milliseconds);
    await flushPending();
  }

  async end(closes) {
    if (closes) {
      this.#attempt("close", () => this.mine.close());
      this.theirs.end();
      await this.pass(700_000);
    }
    // A responder of the program may never finish, so that only this ends the connection.
    this.mine.destroy();
    this.peer?.destroy();
    await this.pass(60_000);
  }
}

/** The connections of earlier runs: each must be free for the garbage collection. */
let earlier = [];
const RUNS_BETWEEN_COLLECTIONS = 50;
let runs = 0;

async function check(input) {
  const escaped = escapes();
  try {
    await run(input);
    await settled(2);
  } finally {
    escaped.stop();
  }
  assert(
    escaped.errors.length === 0,
    `an exception escaped: ${escaped.errors[0]?.stack ?? escaped.errors[0]}`,
  );
  if (++runs % RUNS_BETWEEN_COLLECTIONS === 0) await nothingKept();
}

async function run(input) {
  let world;
  try {
    world = new World(input);
  } catch (error) {
    assert(error instanceof Error, `a connection threw ${String(error)}`);
    return;
  }
  for (const step of input.actions) await world.act(step);
  await world.end(input.closes);
  const reason = await Promise.race([world.mine.closed, settled(3).then(() => "none")]);
  assert(
    reason instanceof Error,
    `the connection is ${world.mine.state} and does not end: ${String(reason)}`,
  );
  await settled(2);
  for (const { what, outcomes } of world.calls) assert(outcomes === 1, `${what} settled ${outcomes} times`);
  assert(world.clock.pending === 0, `${world.clock.pending} timers are left`);
  earlier.push(new WeakRef(world.mine));
}

async function nothingKept() {
  // References of the last turns are alive until these have ended.
  await settled(3);
  collect();
  const kept = earlier.filter((reference) => reference.deref() !== undefined).length;
  earlier = [];
  assert(kept <= 1, `${kept} connections that have ended stay in memory`);
}

export const misuse = [
  {
    name: "misuse",
    promise:
      "whatever a program and its peer do wrong, calls settle, no exception escapes and memory comes back",
    arbitrary: fc.record({
      options,
      locator: locatorKind,
      junk,
      peer: fc.constantFrom("raw", "raw", "correct", "deaf"),
      behaviours: fc.array(behaviour, { minLength: 1, maxLength: 3 }),
      actions: fc.array(action, { maxLength: 12 }),
      fakeTLS: fc.boolean(),
      capacity: fc.constantFrom(10, 64 * 1024),
      cut: fc.boolean(),
      seed: fc.integer(),
      closes: fc.boolean(),
    }),
    check,
    share: 2.5,
  },
];
