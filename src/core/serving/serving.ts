/** The peer's asks: find the responder, run it, answer. */

import type { Host } from "../calls/port.ts";
import { CommandResponder, type Responder } from "../command/responder.ts";
import type { AmpConnection, AnyCommand } from "../command/types.ts";
import { RemoteAmpError } from "../errors/peer.ts";
import { BadLocalReturn } from "../errors/responder.ts";
import { isError, messageOf, toError } from "../errors/to-error.ts";
import { toWire, UNHANDLED_ERROR_CODE } from "../errors/wire-codes.ts";
import type { CallEvent, Observer } from "../observer.ts";
import { utf8Encoder } from "../platform.ts";
import type { Values } from "../schema/field.ts";
import { Box } from "../wire/box.ts";
import { MAX_VALUE_LENGTH } from "../wire/box-limits.ts";
import { writeBox } from "../wire/box-writer.ts";
import type { ByteRange } from "../wire/byte-range.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import type { Frame } from "../wire/frame.ts";
import { ANSWER, ERROR, ERROR_CODE, ERROR_DESCRIPTION } from "../wire/protocol-keys.ts";
import { tagBytes } from "../wire/tag.ts";
import { NameCache } from "./command-names.ts";
import type { ResponderLocator } from "./locator.ts";

const NOTHING = new Uint8Array(0);

/** Used again by asks that are answered at once. One for all connections: it keeps the last frame's bytes alive. */
let reusableAsk: Ask | undefined;

export class Serving {
  readonly #host: Host;
  readonly #locator: ResponderLocator;
  readonly #names = new NameCache();
  #inProgress = 0;

  constructor(host: Host, locator: ResponderLocator) {
    this.#host = host;
    this.#locator = locator;
  }

  /** Asks whose responders have not finished. */
  get inProgress(): number {
    return this.#inProgress;
  }

  /** Serves an ask. The frame is done with when this returns. */
  receive(frame: Frame): void {
    const ask = reusableAsk ?? new Ask();
    reusableAsk = undefined; // a responder may bring another box
    ask.begin(frame.shape?.commandName ?? this.#nameIn(frame), frame);
    this.#serve(ask, frame);
    if (!ask.kept) reusableAsk = ask;
  }

  #nameIn(frame: Frame): string {
    const { bytes, command } = frame;
    return this.#names.nameAt(bytes, frame.valueStart(command), frame.valueEnd(command));
  }

  #serve(ask: Ask, frame: Frame): void {
    const { observer } = this.#host;
    let result: unknown;
    try {
      const responder = this.#locator.locateResponder(ask.name);
      const command = responder instanceof CommandResponder ? responder.command : undefined;
      const changing = ask.wantsAnswer && command?.change !== undefined ? command : undefined;
      // A change is told of by whoever makes it: a call that began here would have no end.
      if (observer?.watchesCalls && changing === undefined)
        ask.watch(observer, this.#host.context.connection);
      // First, so that nobody learns in plaintext what is served.
      const refusal = this.#host.refusal(command);
      if (refusal !== undefined) throw refusal;
      if (responder === undefined) throw unhandled(ask.name);
      if (changing !== undefined) {
        ask.keep();
        return this.#change(ask, changing, responder, frame);
      }
      result = this.#run(ask, responder, frame);
      // What a proxy or a getter says may differ the second time: `then` is looked for once, and a promise made of it.
      if (isThenable(result)) return this.#wait(ask, Promise.resolve(result));
    } catch (error) {
      return this.#fail(ask, error);
    }
    this.#answer(ask, result);
  }

  #run(ask: Ask, responder: Responder, frame: Frame): unknown {
    const { context } = this.#host;
    this.#inProgress++; // for what the responder does before it returns: it may close the connection
    try {
      if (responder instanceof CommandResponder) {
        const { command } = responder;
        const values = command.readArguments(frame, context.connection);
        ask.command = command;
        return responder.respond(values, context);
      }
      return responder(frame.toBox(), context);
    } finally {
      this.#inProgress--;
    }
  }

  #wait(ask: Ask, result: Promise<unknown>): void {
    ask.keep();
    this.#inProgress++;
    result.then(
      (value) => {
        this.#inProgress--;
        this.#answer(ask, value);
        this.#host.finished();
      },
      (error: unknown) => {
        this.#inProgress--;
        this.#fail(ask, error);
        this.#host.finished();
      },
    );
  }

  #answer(ask: Ask, result: unknown): void {
    const host = this.#host;
    if (ask.wantsAnswer && host.alive) {
      try {
        writeAnswer(host.out, ask, result, host.context.connection);
      } catch (error) {
        ask.command = undefined;
        return this.#fail(ask, error);
      }
      host.written();
    }
    if (ask.watched !== undefined) host.observer?.callAnswered(ask.watched);
  }

  /** The protocol-changing ask leaves here: the host lets it run once nothing else is under way. */
  #change(ask: Ask, command: AnyCommand, responder: Responder, frame: Frame): void {
    const host = this.#host;
    const values = command.readArguments(frame, host.context.connection);
    ask.command = command;
    host.changeAsked({
      command,
      run: async () => {
        const { context } = host;
        // What is located for a command with a change is that command's responder: a raw one has no command.
        return responseOf(ask.name, await (responder as CommandResponder).respond(values, context));
      },
      writeAnswer: (result, out) => writeAnswer(out, ask, result, host.context.connection),
      fail: (error) => this.#fail(ask, error),
    });
  }

  #fail(ask: Ask, error: unknown): void {
    const host = this.#host;
    const { observer } = host;
    const wire = toWire(error, ask.command?.declaredErrors);
    // A change that is refused is a call that fails, after all.
    if (observer?.watchesCalls && ask.watched === undefined) ask.watch(observer, host.context.connection);
    if (ask.watched !== undefined) observer?.callFailed(ask.watched, error);
    if (wire.undeclared || !ask.wantsAnswer) host.report(error, ask.name);
    if (!host.alive) return;
    if (ask.wantsAnswer) {
      writeError(host.out, ask.tag, wire.code, wire.description);
      host.written();
    }
    if (wire.fatal && !(wire.undeclared && host.survivesUndeclaredErrors)) {
      host.quit(toError(error));
    }
  }
}

/** One ask of the peer. */
class Ask {
  name = "";
  wantsAnswer = false;
  /** Empty where no answer is wanted. It lies in the frame, until {@link keep}. */
  readonly tag: ByteRange = { bytes: NOTHING, start: 0, end: 0 };
  /**
   * Whose errors are declared: while its responder is at work. Before and after it an error is ours, and no text of it
   * leaves, though a command may declare every `Error` there is. Undefined for a raw responder.
   */
  command: AnyCommand | undefined = undefined;
  /** Set when somebody watches. */
  watched: CallEvent | undefined = undefined;
  /** It is answered later. */
  kept = false;

  begin(name: string, frame: Frame): void {
    const { tag } = this;
    const index = frame.ask;
    this.name = name;
    this.command = this.watched = undefined;
    this.wantsAnswer = index >= 0;
    // Looked at before it is stored: to store a young object in an old one costs V8 more.
    if (tag.bytes !== frame.bytes) tag.bytes = frame.bytes;
    tag.start = this.wantsAnswer ? frame.valueStart(index) : 0;
    tag.end = this.wantsAnswer ? frame.valueEnd(index) : 0;
  }

  /** The frame will be gone when this is answered. */
  keep(): void {
    const { tag } = this;
    this.kept = true;
    tag.bytes = tagBytes(tag);
    tag.end -= tag.start;
    tag.start = 0;
  }

  watch(observer: Observer, connection: AmpConnection): void {
    this.watched = { connection, command: this.name, direction: "incoming" };
    observer.callStarted(this.watched);
  }
}

/** @throws BadLocalReturn: nothing is appended */
function writeAnswer(out: ByteWriter, ask: Ask, result: unknown, connection: unknown): void {
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

/** A responder of a command without response values may return nothing. */
function responseOf(name: string, result: unknown): Values {
  if (result === undefined) return {};
  // The schema looks at each value before it uses it; all it needs is an object.
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

function writeError(out: ByteWriter, tag: ByteRange, code: string, description: string): void {
  const box = new Box();
  box.set(ERROR, tagBytes(tag));
  box.set(ERROR_CODE, shortened(code));
  box.set(ERROR_DESCRIPTION, shortened(description));
  writeBox(out, box);
}

/** What fits into a value, cut between two characters. */
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
