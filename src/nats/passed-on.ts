/**
 * Commands that an edge does not know: boxes pass through as bytes, with another tag, and error boxes with their code and data.
 * They implement what a connection needs of a command.
 */
import { readError } from "../core/calls/calls.ts";
import { type BoxKind, plainBox } from "../core/command/protocol-change.ts";
import type { AnyCommand } from "../core/command/types.ts";
import { type DeclaredError, DeclaredErrors, type ErrorWithData } from "../core/errors/declared-errors.ts";
import { MalformedAmpBox } from "../core/errors/peer.ts";
import { utf8Encoder } from "../core/platform.ts";
import type { Values } from "../core/schema/field.ts";
import { Box } from "../core/wire/box.ts";
import type { ByteWriter } from "../core/wire/byte-writer.ts";
import type { Frame } from "../core/wire/frame.ts";
import { textToKey } from "../core/wire/key-text.ts";
import { GO_AWAY } from "../core/wire/own-commands.ts";
import { ERROR, ERROR_CODE, ERROR_DESCRIPTION, PROTOCOL_KEYS } from "../core/wire/protocol-keys.ts";
import type { Tag } from "../core/wire/tag.ts";
import { type TaggedBox, taggedBox, writeRetagged } from "./boxes.ts";

/** An error box that is passed on. The message is the description. Not an error of the library: it never reaches a program. */
export class PassedOnError extends Error {
  readonly errorCode: string;
  /** True: the connection is closed after the error has been sent. */
  readonly isFatal: boolean;
  /** The keys of a declared error with data. */
  readonly data: ReadonlyMap<string, Uint8Array>;

  constructor(
    errorCode: string,
    description: string,
    isFatal = false,
    data: ReadonlyMap<string, Uint8Array> = new Map(),
  ) {
    super(description);
    this.errorCode = errorCode;
    this.isFatal = isFatal;
    this.data = data;
  }

  /** @throws MalformedAmpBox for a box without code or description */
  static fromFrame(frame: Frame, isFatal: boolean): PassedOnError {
    const { code, description } = readError(frame);
    return new PassedOnError(code, description, isFatal, dataOf(frame.toBox()));
  }
}

function dataOf(box: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
  return new Map([...box].filter(([key]) => !PROTOCOL_KEYS.has(key)));
}

/** Declares every error: each is passed on. */
class EveryError extends DeclaredErrors {
  override classFor(code: string): ErrorWithData {
    return {
      errorClass: Error,
      encode: () => new Map(),
      create: (description, box) => new PassedOnError(code, description, false, dataOf(box)),
    };
  }

  override codeFor(error: unknown): DeclaredError | undefined {
    if (!(error instanceof PassedOnError)) return undefined;
    const { errorCode: code, isFatal: fatal, data } = error;
    if (data.size === 0) return { code, fatal, data: undefined };
    return { code, fatal, data: { ...this.classFor(code), encode: () => data } };
  }
}

const everyError = new EveryError({}, {});

abstract class PassedOnCommand implements AnyCommand {
  readonly name: string;
  readonly requiresAnswer: boolean;
  readonly requireTLS: boolean;
  readonly idempotent: boolean;
  readonly commandType = plainBox;
  /** Kind of the answer: `quitBox` closes the client's connection after it. */
  readonly responseType: BoxKind;
  readonly declaredErrors = everyError;
  readonly change = undefined;

  constructor({
    name,
    requiresAnswer,
    requireTLS,
    idempotent,
    responseType = plainBox,
  }: Pick<AnyCommand, "name" | "requiresAnswer" | "requireTLS" | "idempotent"> &
    Partial<Pick<AnyCommand, "responseType">>) {
    this.name = name;
    this.requiresAnswer = requiresAnswer;
    this.requireTLS = requireTLS;
    this.idempotent = idempotent;
    this.responseType = responseType;
  }

  abstract writeAsk(out: ByteWriter, tag: number | undefined): void;
  abstract writeAnswer(out: ByteWriter, tag: Tag, values: Values): void;
  abstract readArguments(frame: Frame): Values;
  abstract readResponse(frame: Frame): Values;
}

/** An ask of a client. Its arguments are its box. */
export class ForwardedCommand extends PassedOnCommand {
  override writeAsk(): void {
    throw new Error(`${this.name} is only served`);
  }

  /** @param values an answer's box, as {@link passedOnValues} has made it */
  override writeAnswer(out: ByteWriter, tag: Tag, values: Values): void {
    writeRetagged(out, boxIn(values), tag);
  }

  override readArguments(frame: Frame): Values {
    return passedOnValues(taggedBox(frame, frame.ask));
  }

  override readResponse(): Values {
    throw new Error(`${this.name} is only served`);
  }
}

/** Sent over NATS, they would start a handshake in the middle of the edge's connection, or end the client's calls on it. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set(["StartTLS", GO_AWAY]);

/** @throws MalformedAmpBox for a command that only the edge itself may send to its clients */
export function checkRelayed(name: string): void {
  if (OF_THE_CONNECTION.has(name))
    throw new MalformedAmpBox(
      `${name} concerns a connection: the edge sends it to its clients, not a program on NATS`,
    );
}

/** An ask to a client. Its response is the box of the answer. */
export class RelayedCommand extends PassedOnCommand {
  readonly #box: TaggedBox;

  /** @param requireTLS the ask may not be sent in plaintext */
  constructor(name: string, box: TaggedBox, requiresAnswer: boolean, requireTLS: boolean) {
    super({ name, requiresAnswer, requireTLS, idempotent: false });
    this.#box = box;
  }

  override writeAsk(out: ByteWriter, tag: number | undefined): void {
    if (tag === undefined) out.appendRange(this.#box.bytes, 0, this.#box.bytes.length);
    else writeRetagged(out, this.#box, tag);
  }

  override writeAnswer(): void {
    throw new Error(`${this.name} is only called`);
  }

  override readArguments(): Values {
    throw new Error(`${this.name} is only called`);
  }

  override readResponse(frame: Frame): Values {
    return passedOnValues(taggedBox(frame, frame.answer));
  }
}

const BOX = "box";

/** Wraps a box as the values of a command. */
export function passedOnValues(box: TaggedBox): Values {
  return { [BOX]: box };
}

/** Returns the box in the values of a command that is passed on. */
export function boxIn(values: object): TaggedBox {
  return (values as Readonly<Record<string, unknown>>)[BOX] as TaggedBox; // passedOnValues has made them
}

/** Returns an error box. @param tag the tag of its ask */
export function errorBox(tag: Uint8Array, code: string, description: string, error?: PassedOnError): Box {
  const box = new Box(error?.data).set(ERROR, tag).set(ERROR_CODE, textToKey(code));
  return box.set(ERROR_DESCRIPTION, utf8Encoder.encode(description));
}
