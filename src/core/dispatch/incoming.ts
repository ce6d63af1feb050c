/** The peer's asks: find the responder, run it, answer. */
import type { AnyCommand } from "../command/command.ts";
import { ANSWER, ERROR, ERROR_CODE, ERROR_DESCRIPTION } from "../command/protocol-keys.ts";
import { CommandResponder, type RawResponder, type Responder } from "../command/responder.ts";
import { RemoteAmpError } from "../errors/peer.ts";
import { BadLocalReturn } from "../errors/responder.ts";
import { toWire, UNHANDLED_ERROR_CODE } from "../errors/wire-codes.ts";
import { utf8Encoder } from "../platform.ts";
import { Box } from "../wire/box.ts";
import type { ByteRange } from "../wire/byte-range.ts";
import type { ByteWriter } from "../wire/byte-writer.ts";
import type { Frame } from "../wire/frame.ts";
import { MAX_VALUE_LENGTH } from "../wire/limits.ts";
import { writeBox } from "../wire/writer.ts";
import type { Host } from "./host.ts";
import type { ResponderLocator } from "./locator.ts";
import { NameCache } from "./name-cache.ts";

type Values = Readonly<Record<string, unknown>>;

export class Incoming {
  readonly #host: Host;
  readonly #locator: ResponderLocator;
  readonly #names = new NameCache();
  #inProgress = 0;
  /** Reused: the tag of an ask that is answered at once lies in the frame. */
  readonly #frameTag: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };

  constructor(host: Host, locator: ResponderLocator) {
    this.#host = host;
    this.#locator = locator;
  }

  /** Asks whose responders have not finished. */
  get inProgress(): number {
    return this.#inProgress;
  }

  /** Serves an ask. The frame is done with when this returns. */
  receive(frame: Frame, commandIndex: number, askIndex: number): void {
    const name = this.#names.nameAt(
      frame.bytes,
      frame.valueStart(commandIndex),
      frame.valueEnd(commandIndex),
    );
    const tag = askIndex < 0 ? undefined : this.#tagAt(frame, askIndex);
    let command: AnyCommand | undefined;
    let result: unknown;
    try {
      const responder = this.#locator.locateResponder(name);
      command = responder instanceof CommandResponder ? responder.command : undefined;
      const refusal = responder === undefined ? unhandled(name) : this.#host.refusal(command);
      if (responder === undefined || refusal !== undefined) throw refusal;
      if (command?.change !== undefined && tag !== undefined) {
        this.#change(command, responder, frame, copyOf(tag));
        return;
      }
      result = this.#run(responder, frame);
    } catch (error) {
      this.#fail(name, command, tag, error);
      return;
    }
    if (isThenable(result)) this.#wait(name, command, tag === undefined ? undefined : copyOf(tag), result);
    else this.#answer(name, command, tag, result);
  }

  #tagAt(frame: Frame, index: number): ByteRange {
    const tag = this.#frameTag;
    tag.bytes = frame.bytes;
    tag.start = frame.valueStart(index);
    tag.end = frame.valueEnd(index);
    return tag;
  }

  #run(responder: Responder, frame: Frame): unknown {
    const { context } = this.#host;
    if (responder instanceof CommandResponder) {
      return responder.respond(responder.command.readArguments(frame, context.connection), context);
    }
    return responder(frame.toBox(), context);
  }

  #wait(
    name: string,
    command: AnyCommand | undefined,
    tag: ByteRange | undefined,
    result: PromiseLike<unknown>,
  ): void {
    this.#inProgress++;
    result.then(
      (value) => {
        this.#inProgress--;
        this.#answer(name, command, tag, value);
        this.#host.finished();
      },
      (error: unknown) => {
        this.#inProgress--;
        this.#fail(name, command, tag, error);
        this.#host.finished();
      },
    );
  }

  #answer(name: string, command: AnyCommand | undefined, tag: ByteRange | undefined, result: unknown): void {
    if (tag === undefined || !this.#host.alive) return;
    try {
      writeAnswer(this.#host.out, name, command, tag, result, this.#host.context.connection);
    } catch (error) {
      this.#fail(name, command, tag, error);
      return;
    }
    this.#host.written();
  }

  /** The protocol-changing ask leaves here: the host lets it run once nothing else is under way. */
  #change(command: AnyCommand, responder: Responder, frame: Frame, tag: ByteRange): void {
    const host = this.#host;
    const { name } = command;
    const values = command.readArguments(frame, host.context.connection);
    host.changeAsked({
      command,
      run: async () => {
        const context = host.context;
        const result =
          responder instanceof CommandResponder
            ? await responder.respond(values, context)
            : await (responder as RawResponder)(new Box(), context);
        return responseOf(name, result);
      },
      writeAnswer: (result, out) => writeAnswer(out, name, command, tag, result, host.context.connection),
      fail: (error) => this.#fail(name, command, tag, error),
    });
  }

  #fail(name: string, command: AnyCommand | undefined, tag: ByteRange | undefined, error: unknown): void {
    const host = this.#host;
    const wire = toWire(error, command?.declaredErrors);
    if (wire.undeclared || tag === undefined) host.report(error, name);
    if (!host.alive) return;
    if (tag !== undefined) {
      writeError(host.out, tag, wire.code, wire.description);
      host.written();
    }
    if (wire.fatal && !(wire.undeclared && host.survivesUndeclaredErrors)) {
      host.quit(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

/** @throws BadLocalReturn: nothing is appended */
function writeAnswer(
  out: ByteWriter,
  name: string,
  command: AnyCommand | undefined,
  tag: ByteRange,
  result: unknown,
  connection: unknown,
): void {
  try {
    if (command !== undefined) command.writeAnswer(out, tag, responseOf(name, result), connection);
    else writeBox(out, new Box(boxOf(result)).set(ANSWER, tag.bytes.slice(tag.start, tag.end)));
  } catch (cause) {
    if (cause instanceof BadLocalReturn) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BadLocalReturn(`the responder of ${name} returned what cannot be sent: ${why}`, { cause });
  }
}

/** A responder of a command without response values may return nothing. */
function responseOf(name: string, result: unknown): Values {
  if (result === undefined) return {};
  // The schema looks at each value before it uses it; all it needs is an object.
  if (typeof result === "object" && result !== null) return result as Values;
  throw new BadLocalReturn(
    `the responder of ${name} returned ${typeof result}, not an object of response values`,
  );
}

function boxOf(result: unknown): Box {
  if (result instanceof Box) return result;
  throw new TypeError("a raw responder answers with a Box");
}

function writeError(out: ByteWriter, tag: ByteRange, code: string, description: string): void {
  const box = new Box();
  box.set(ERROR, tag.bytes.slice(tag.start, tag.end));
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

function copyOf({ bytes, start, end }: ByteRange): ByteRange {
  return { bytes: bytes.slice(start, end), start: 0, end: end - start };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
