/** The serving half of a connection: finds the responder of an ask, runs it, and answers. */

import type { AskReceiver, Port } from "../calls/port.ts";
import type { ProtocolChange } from "../command/protocol-change.ts";
import { CommandResponder, type Responder } from "../command/responder.ts";
import type { AnyCommand } from "../command/types.ts";
import { LimitExceeded } from "../errors/caller.ts";
import { RemoteAmpError } from "../errors/peer.ts";
import { BadLocalReturn } from "../errors/responder.ts";
import { isError, messageOf, toError } from "../errors/to-error.ts";
import {
  TLS_REQUIRED_ERROR_CODE,
  toWire,
  UNAVAILABLE_ERROR_CODE,
  UNHANDLED_ERROR_CODE,
} from "../errors/wire-codes.ts";
import { watchesCalls } from "../observer.ts";
import { newAbortController, type Signal, utf8Encoder } from "../platform.ts";
import type { Values } from "../schema/field.ts";
import { Box } from "../wire/box.ts";
import { MAX_VALUE_LENGTH } from "../wire/box-limits.ts";
import { writeBox } from "../wire/box-writer.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import { beginElements, endElements, weightOf } from "../wire/elements.ts";
import { copiedBytes, type Frame } from "../wire/frame.ts";
import { frameOfBytes } from "../wire/frame-of.ts";
import { textToKey } from "../wire/key-text.ts";
import { ANSWER, ERROR, ERROR_CODE, ERROR_DESCRIPTION } from "../wire/protocol-keys.ts";
import { type ByteRange, tagBytes } from "../wire/tag.ts";
import { CommandNames } from "./command-names.ts";
import { IncomingAsk } from "./incoming-ask.ts";
import type { ResponderLocator } from "./locator.ts";
import { Pause } from "./pause.ts";
import { ConnectionContext } from "./responder-context.ts";
import type { SharedBudget } from "./shared-budget.ts";

/** Serves nothing. An empty `locator()` would load all that locators can do into the bundle of a page. */
const nothingServed: ResponderLocator = { locateResponder: () => undefined };

/** Reused for asks that are answered at once. Shared by all connections: it keeps the bytes of one frame alive. */
let reusableAsk: IncomingAsk | undefined;

/** Options of a connection that concern serving: see `ConnectionOptions`. */
interface ServingOptions {
  readonly locator?: ResponderLocator | undefined;
  readonly closeOnUndeclaredError?: boolean | undefined;
}

/** Creates the serving half of a connection. */
export function serving(port: Port, options: ServingOptions, budget: SharedBudget | undefined): AskReceiver {
  return new Serving(port, options, budget);
}

export class Serving implements AskReceiver {
  readonly #port: Port;
  readonly #options: ServingOptions;
  readonly #locator: ResponderLocator;
  /** Created by the first ask: idle connections have neither. */
  #names: CommandNames | undefined;
  #context: ConnectionContext | undefined;
  #budget: SharedBudget | undefined;
  #pause: Pause | undefined;
  #abort: ReturnType<typeof newAbortController> | undefined;
  #abortReason: Error | undefined;
  #closing: ReturnType<typeof newAbortController> | undefined;
  #closingReason: Error | undefined;
  /** Limits have stopped the reading for some time: asks are read and queued. */
  #isLongPause = false;
  /** Asks over `maxAsksInProgress`, encoded. Created when it is first needed. */
  #queue: Uint8Array[] | undefined;
  /** Number of asks at the beginning of the queue that were served: removing each of them would cost quadratic time. */
  #served = 0;
  /** Asks whose responders have not finished. */
  #running = 0;
  /** Weight of the running and queued asks. */
  #weight = 0;
  inProgress = 0;
  finished = 0;
  full = false;
  refuses = false;

  constructor(port: Port, options: ServingOptions, budget: SharedBudget | undefined) {
    this.#port = port;
    this.#options = options;
    this.#locator = options.locator ?? nothingServed;
    this.#budget = budget;
    budget?.join();
  }

  secured(): void {
    this.#context = undefined;
  }

  ended(): void {
    this.#pause?.stop();
    this.#budget?.add(-this.#weight);
    this.#budget?.leave();
    this.#budget = undefined; // responders that finish later have no weight any more
    this.#queue = undefined;
  }

  /** Aborted when the connection is lost. Created when it is first used, like {@link closing}: few responders do. */
  get signal(): Signal {
    this.#abort ??= abortController(this.#abortReason);
    return this.#abort.signal;
  }

  /** Aborted when this end begins to close the connection, or it is lost. */
  get closing(): Signal {
    this.#closing ??= abortController(this.#closingReason);
    return this.#closing.signal;
  }

  announceClosing(reason: Error): void {
    this.#closingReason ??= reason;
    this.#closing?.abort(reason);
  }

  abort(reason: Error): void {
    this.announceClosing(reason);
    this.#abortReason ??= reason;
    this.#abort?.abort(reason);
  }

  get readsAhead(): boolean {
    return this.#isLongPause && !this.refuses;
  }

  readEnded(): void {
    if (!this.full) {
      this.#isLongPause = false;
      return;
    }
    this.#pause ??= new Pause(this.#port, this, () => {
      this.#isLongPause = true;
      this.#port.finished();
    });
    this.#pause.begin();
  }

  receive(frame: Frame): void {
    const isOver = this.full || this.#port.isBehind;
    if (!isOver || this.#isServedAtOnce(frame) || (!this.refuses && this.#mayServe()))
      this.#receiveNow(frame);
    else if (this.refuses) this.#refuse(frame);
    else this.#enqueue(frame);
  }

  /** Own commands are answered at any time. A protocol change comes after all asks before it, so these are served first. */
  #isServedAtOnce(frame: Frame): boolean {
    const name = this.#nameOf(frame);
    const responder = this.#locator.locateResponder(name) ?? this.#port.ownResponder(name);
    if (!(responder instanceof CommandResponder)) return false;
    if (responder.command.change !== undefined) this.serveQueue();
    return responder.command.change !== undefined || this.#locator.locateResponder(name) === undefined;
  }

  #enqueue(frame: Frame): void {
    const bytes = copiedBytes(frame.bytes, frame.start, frame.cursor);
    this.#queue ??= [];
    this.#queue.push(bytes);
    this.inProgress++;
    this.#addWeight(queuedWeight(bytes));
  }

  /** @throws LimitExceeded for an ask that wants no answer: its caller would not learn that it was not executed */
  #refuse(frame: Frame): void {
    if (frame.ask < 0) {
      throw new LimitExceeded(
        `an ask that wants no answer was received while ${this.#weight} bytes of asks are in progress: the limit is maxBytesInProgress`,
      );
    }
    const text = "not executed: too many bytes of asks are in progress";
    writeError(
      this.#port.out,
      { bytes: frame.bytes, start: frame.valueStart(frame.ask), end: frame.valueEnd(frame.ask) },
      UNAVAILABLE_ERROR_CODE,
      text,
    );
    this.#port.written();
  }

  serveQueue(): void {
    while (this.#queue !== undefined) this.#serveNext(this.#queue);
  }

  continueQueue(): void {
    while (this.#queue !== undefined && this.#mayServe()) this.#serveNext(this.#queue);
  }

  /**
   * If all running responders may wait for calls to the peer, the peer may wait for the asks that are queued: they are served
   * over the limit, or both ends would wait forever. `maxBytesInProgress` limits them.
   */
  #mayServe(): boolean {
    const { isBehind, limits, waitingCalls } = this.#port;
    if (isBehind) return false;
    return this.#running < limits.maxAsksInProgress || waitingCalls >= this.#running;
  }

  #serveNext(queue: Uint8Array[]): void {
    const bytes = queue[this.#served++] as Uint8Array; // a queue is not empty
    if (this.#served === queue.length) {
      this.#queue = undefined;
      this.#served = 0;
    }
    this.inProgress--;
    this.#addWeight(-queuedWeight(bytes));
    this.#receiveNow(frameOfBytes(bytes));
  }

  /** @param more negative for an ask that has finished */
  #addWeight(more: number): void {
    const { maxAsksInProgress, maxBytesInProgress } = this.#port.limits;
    this.#weight += more;
    this.#budget?.add(more);
    this.refuses = this.#weight >= maxBytesInProgress || this.#budget?.isExceededBy(this.#weight) === true;
    this.full = this.refuses || this.#running >= maxAsksInProgress;
  }

  #receiveNow(frame: Frame): void {
    const ask = reusableAsk ?? new IncomingAsk();
    reusableAsk = undefined; // a responder may synchronously cause another box to be received
    ask.begin(this.#nameOf(frame), frame);
    this.#serve(ask, frame);
    if (!ask.kept) reusableAsk = ask;
  }

  #nameOf(frame: Frame): string {
    return frame.matched?.commandName ?? this.#nameIn(frame);
  }

  #nameIn(frame: Frame): string {
    const { bytes, command } = frame;
    this.#names ??= new CommandNames();
    return this.#names.nameAt(bytes, frame.valueStart(command), frame.valueEnd(command));
  }

  #newContext(): ConnectionContext {
    this.#context = new ConnectionContext(this.#port.connection, this);
    return this.#context;
  }

  #serve(ask: IncomingAsk, frame: Frame): void {
    const port = this.#port;
    const { observer } = port;
    let result: unknown;
    try {
      const responder = this.#locator.locateResponder(ask.name);
      if (responder === undefined) return this.#serveOwn(ask, frame);
      const command = responder instanceof CommandResponder ? responder.command : undefined;
      const change = ask.wantsAnswer ? command?.change : undefined;
      // A protocol change is reported by its driver: a call that began here would have no end.
      if (change === undefined && watchesCalls(observer)) ask.watch(observer, port.connection);
      // First, so that plaintext does not reveal what is served.
      this.#checkPlaintext(command);
      if (command !== undefined && change !== undefined)
        return this.#change(ask, command, change, responder, frame);
      result = this.#run(ask, responder, frame);
      // `then` of a proxy or a getter may differ the second time: it is looked up once, and wrapped in a promise.
      if (isThenable(result)) return this.#wait(ask, Promise.resolve(result));
    } catch (error) {
      return this.#fail(ask, error);
    }
    this.#answer(ask, result);
  }

  /**
   * Serves a command of the library's own, or answers that the command is unknown. `requireTLS` holds for own commands; limits
   * and observers do not, and `close()` does not wait for them: they are answered at any time.
   * @throws RemoteAmpError for an unknown command, and the error that refuses the command
   */
  #serveOwn(ask: IncomingAsk, frame: Frame): void {
    const port = this.#port;
    const own = port.ownResponder(ask.name);
    if (own === undefined && watchesCalls(port.observer)) ask.watch(port.observer, port.connection);
    this.#checkPlaintext(own?.command);
    if (own === undefined) throw unhandled(ask.name);
    const { command } = own;
    if (command.change !== undefined && ask.wantsAnswer)
      return this.#change(ask, command, command.change, own, frame);
    const values = this.#read(ask, command, frame);
    ask.keep();
    Promise.resolve(own.respond(values, this.#context ?? this.#newContext())).then(
      (result) => this.#answer(ask, result),
      (error: unknown) => this.#fail(ask, error),
    );
  }

  /** @throws RemoteAmpError */
  #checkPlaintext(command: AnyCommand | undefined): void {
    if (this.#port.forbidsPlaintext(command))
      throw new RemoteAmpError(TLS_REQUIRED_ERROR_CODE, "this is not served in plaintext: start TLS first");
  }

  #run(ask: IncomingAsk, responder: Responder, frame: Frame): unknown {
    const context = this.#context ?? this.#newContext();
    this.inProgress++; // counts while the responder runs synchronously, too: it may close the connection
    try {
      if (responder instanceof CommandResponder) {
        const { command } = responder;
        const values = this.#read(ask, command, frame);
        return responder.respond(values, context);
      }
      ask.weight = weightOf(frame.cursor - frame.start, frame.count, 0);
      return responder(frame.toBox(), context);
    } finally {
      this.inProgress--;
    }
  }

  /** Decodes the arguments, with the limit on their elements. @throws InvalidSignature */
  #read(ask: IncomingAsk, command: AnyCommand, frame: Frame): Values {
    const port = this.#port;
    let values: Values;
    beginElements(port.limits.maxElements);
    try {
      values = command.readArguments(frame, port.connection);
    } finally {
      ask.weight = weightOf(frame.cursor - frame.start, frame.count, endElements());
    }
    ask.command = command;
    return values;
  }

  #wait(ask: IncomingAsk, result: Promise<unknown>): void {
    ask.keep();
    this.inProgress++;
    this.#running++;
    this.#addWeight(ask.weight);
    result.then(
      (value) => {
        this.#ended(ask);
        this.#answer(ask, value);
        this.#port.finished();
      },
      (error: unknown) => {
        this.#ended(ask);
        this.#fail(ask, error);
        this.#port.finished();
      },
    );
  }

  #ended(ask: IncomingAsk): void {
    this.inProgress--;
    this.#running--;
    this.finished++;
    this.#addWeight(-ask.weight);
    this.continueQueue();
  }

  #answer(ask: IncomingAsk, result: unknown): void {
    const port = this.#port;
    if (ask.wantsAnswer && port.alive) {
      try {
        writeAnswer(port.out, ask, result, port.connection);
      } catch (error) {
        ask.command = undefined;
        return this.#fail(ask, error);
      }
      port.written();
    }
    if (ask.watched !== undefined) port.observer?.callAnswered?.(ask.watched);
  }

  /** Gives an ask for a protocol change to the port, which runs it when nothing else is under way. */
  #change(
    ask: IncomingAsk,
    command: AnyCommand,
    change: ProtocolChange,
    responder: Responder,
    frame: Frame,
  ): void {
    const port = this.#port;
    ask.keep();
    const values = this.#read(ask, command, frame);
    port.changeAsked({
      command,
      change,
      run: async () => {
        const context = this.#context ?? this.#newContext();
        // The responder of a command with a change is a CommandResponder: a raw one has no command.
        return responseOf(ask.name, await (responder as CommandResponder).respond(values, context));
      },
      writeAnswer: (result, out) => writeAnswer(out, ask, result, port.connection),
      fail: (error) => this.#fail(ask, error),
    });
  }

  #fail(ask: IncomingAsk, error: unknown): void {
    const port = this.#port;
    const { observer } = port;
    const wire = toWire(error, ask.command?.declaredErrors);
    // A refused protocol change is reported as a call that failed.
    if (ask.watched === undefined && watchesCalls(observer)) ask.watch(observer, port.connection);
    if (ask.watched !== undefined) observer?.callFailed?.(ask.watched, error);
    if (wire.undeclared || !ask.wantsAnswer) port.report(wire.reported ?? error, ask.name);
    if (!port.alive) return;
    if (ask.wantsAnswer) {
      writeError(port.out, ask.tag, wire.code, wire.description, wire.data);
      port.written();
    }
    if (wire.fatal && !(wire.undeclared && this.#options.closeOnUndeclaredError === false)) {
      port.fail(toError(error));
    }
  }
}

/** @param reason set if it is aborted already */
function abortController(reason: Error | undefined): ReturnType<typeof newAbortController> {
  const controller = newAbortController();
  if (reason !== undefined) controller.abort(reason);
  return controller;
}

/** A queued ask takes its bytes, and an array for them. */
function queuedWeight(bytes: Uint8Array): number {
  return weightOf(bytes.length, 0, 1);
}

/** @throws BadLocalReturn: nothing is appended */
function writeAnswer(out: ByteWriter, ask: IncomingAsk, result: unknown, connection: unknown): void {
  const { command } = ask;
  out.busy = true;
  try {
    if (command !== undefined) command.writeAnswer(out, ask.tag, responseOf(ask.name, result), connection);
    else writeBoxAnswer(out, ask.tag, result);
  } catch (cause) {
    out.busy = false;
    throw badReturn(ask.name, cause);
  }
  out.busy = false;
}

function writeBoxAnswer(out: ByteWriter, tag: ByteRange, result: unknown): void {
  writeBox(out, new Box(boxOf(result)).set(ANSWER, tagBytes(tag)));
}

function badReturn(name: string, cause: unknown): BadLocalReturn {
  if (isError(cause) && cause instanceof BadLocalReturn) return cause;
  return new BadLocalReturn(`the responder of ${name} returned what cannot be sent: ${messageOf(cause)}`, {
    cause,
  });
}

/** A responder of a command without response values may return undefined. */
function responseOf(name: string, result: unknown): Values {
  if (result === undefined) return {};
  // The schema checks each value; it only needs an object.
  if (typeof result === "object" && result !== null) return result as Values;
  throw noObject(name, result);
}

function noObject(name: string, result: unknown): BadLocalReturn {
  return new BadLocalReturn(
    `the responder of ${name} returned ${typeof result}, not an object of response values`,
  );
}

function boxOf(result: unknown): Box {
  if (result instanceof Box) return result;
  throw new TypeError("a raw responder answers with a Box");
}

function writeError(
  out: ByteWriter,
  tag: ByteRange,
  code: string,
  description: string,
  data?: ReadonlyMap<string, Uint8Array>,
): void {
  const box = new Box(data);
  box.set(ERROR, tagBytes(tag));
  const bytes = textToKey(code);
  box.set(ERROR_CODE, bytes.length > MAX_VALUE_LENGTH ? shortened(code) : bytes);
  box.set(ERROR_DESCRIPTION, shortened(description));
  writeBox(out, box);
}

/** UTF-8 of the text, cut between two characters if it is longer than a value may be. */
function shortened(text: string): Uint8Array {
  const whole = utf8Encoder.encode(text);
  if (whole.length <= MAX_VALUE_LENGTH) return whole;
  const cut = new Uint8Array(MAX_VALUE_LENGTH);
  return cut.subarray(0, utf8Encoder.encodeInto(text, cut).written);
}

function unhandled(name: string): RemoteAmpError {
  return new RemoteAmpError(UNHANDLED_ERROR_CODE, `Unhandled Command: '${name}'`);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
