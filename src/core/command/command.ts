/** A command: a name, what goes with it, what comes back, and the errors that both ends know. */

import { InvalidSignature } from "../errors/caller.ts";
import { DeclaredErrors, type ErrorCodes } from "../errors/declared-errors.ts";
import type { Fields, InputOf, ValuesOf } from "../schema/argument.ts";
import { BoxTemplate, NO_TAG } from "../schema/box-template.ts";
import type { Values } from "../schema/field.ts";
import { FieldSet } from "../schema/field-set.ts";
import { readFields } from "../schema/read-fields.ts";
import type { Box } from "../wire/box.ts";
import { writeBox } from "../wire/box-writer.ts";
import { ByteWriter } from "../wire/byte-writer.ts";
import type { Frame } from "../wire/frame.ts";
import { frameOfBox, frameOfBytes } from "../wire/frame-of.ts";
import { textToKey } from "../wire/key-text.ts";
import { ANSWER, ASK, COMMAND, PROTOCOL_KEYS } from "../wire/protocol-keys.ts";
import { type Tag, tagBytes } from "../wire/tag.ts";
import { type BoxKind, type ProtocolChange, plainBox } from "./protocol-change.ts";
import { CommandResponder, type ErasedRespond, type Respond, registerMethod } from "./responder.ts";

/** What `command` and `extend` take. Everything is optional. */
export interface CommandSpec<A extends Fields, R extends Fields, Q extends boolean> {
  /** Argument names and codecs. */
  readonly arguments?: A | undefined;
  /** The same for the answer. */
  readonly response?: R | undefined;
  /** Wire tags to error classes. A responder that throws one answers with the tag; the caller gets the class. */
  readonly errors?: ErrorCodes | undefined;
  /** Like `errors`, but the connection is closed after the error has been sent. */
  readonly fatalErrors?: ErrorCodes | undefined;
  /**
   * False: `callRemote` sends and returns nothing. It is only a hint to the calling side: a responder must
   * always return what `response` says, because a caller is free to ask for an answer. Default true.
   */
  readonly requiresAnswer?: Q | undefined;
  /** True: the command is neither sent nor served in plaintext. Default false. */
  readonly requireTLS?: boolean | undefined;
  /** True: a reconnecting client may send the call again when the connection broke under it. Default false. */
  readonly idempotent?: boolean | undefined;
  /** The kind of box that asks. Only protocol-changing commands set it. */
  readonly commandType?: BoxKind | undefined;
  /** The kind of box that answers. Only protocol-changing commands set it. */
  readonly responseType?: BoxKind | undefined;
}

/** The values that a responder of the command gets. */
export type ArgumentsOf<C> = C extends Command<infer A, infer _R, infer _Q> ? ValuesOf<A> : never;
/** The values that a call of the command resolves with. */
export type ResponseOf<C> = C extends Command<infer _A, infer R, infer _Q> ? ValuesOf<R> : never;

/** The fields of an extension: those of the base, with its own over them. */
export type Extended<Base extends Fields, Own extends Fields> = Omit<Base, keyof Own> & Own;

/** A command whose argument types do not matter: what the dispatcher works with. */
export interface AnyCommand {
  // As in CommandSpec.
  readonly name: string;
  readonly requiresAnswer: boolean;
  readonly requireTLS: boolean;
  readonly idempotent: boolean;
  readonly commandType: BoxKind;
  readonly responseType: BoxKind;
  readonly declaredErrors: DeclaredErrors;
  /** What asking and answering it changes about the connection; undefined for ordinary commands. */
  readonly change: ProtocolChange | undefined;
  /** Appends an ask; without a tag one that wants no answer. @throws InvalidSignature, TooLong: nothing is appended */
  writeAsk(out: ByteWriter, tag: number | undefined, values: Values, connection: unknown): void;
  /** Appends an answer. @throws InvalidSignature, TooLong: nothing is appended */
  writeAnswer(out: ByteWriter, tag: Tag, values: Values, connection: unknown): void;
  /** Reads an ask. @throws InvalidSignature */
  readArguments(frame: Frame, connection: unknown): Values;
  /** Reads an answer. @throws InvalidSignature */
  readResponse(frame: Frame, connection: unknown): Values;
}

/** What extensions extend. Beside them, because it is no part of how they behave. */
const bases = new WeakMap<object, AnyCommand>();

/** What the command was made from with `extend`: only for programs that translate commands. */
export function baseOf(command: AnyCommand): AnyCommand | undefined {
  return bases.get(command);
}

/** What {@link command} makes. A program may extend the class, and replace the four conversions. */
export class Command<A extends Fields = Fields, R extends Fields = Fields, Q extends boolean = boolean>
  implements AnyCommand
{
  /** As it goes over the wire. */
  readonly name: string;
  readonly arguments: A;
  readonly response: R;
  readonly errors: ErrorCodes;
  readonly fatalErrors: ErrorCodes;
  readonly requiresAnswer: Q;
  readonly requireTLS: boolean;
  readonly idempotent: boolean;
  readonly commandType: BoxKind;
  readonly responseType: BoxKind;
  /** `errors` and `fatalErrors` together, in both directions. */
  readonly declaredErrors: DeclaredErrors;

  readonly #argumentFields: FieldSet;
  readonly #responseFields: FieldSet;
  readonly #ask: BoxTemplate;
  readonly #askWithoutAnswer: BoxTemplate;
  readonly #answer: BoxTemplate;
  readonly #bareArguments: BoxTemplate;
  readonly #bareResponse: BoxTemplate;
  /** Which of the four conversions a subclass has replaced: those go the slow way, through a Box. */
  readonly #replaced: {
    makeArguments: boolean;
    parseArguments: boolean;
    makeResponse: boolean;
    parseResponse: boolean;
  };

  /**
   * Prefer {@link command}, which infers the type of `requiresAnswer`.
   * @throws InvalidSignature, TooLong when the name, a field or an error tag cannot be used
   */
  constructor(name: string, spec: CommandSpec<A, R, Q> = {}) {
    if (typeof name !== "string" || name === "") throw new InvalidSignature("a command needs a name");
    this.name = name;
    // biome-ignore-start lint/complexity/noBannedTypes: an absent declaration is an empty one
    this.arguments = spec.arguments ?? ({} as A); // {} is an A: A is {} when nothing was given to infer it from
    this.response = spec.response ?? ({} as R); // likewise
    // biome-ignore-end lint/complexity/noBannedTypes: -
    this.errors = spec.errors ?? {};
    this.fatalErrors = spec.fatalErrors ?? {};
    this.requiresAnswer = spec.requiresAnswer ?? (true as Q); // Q is true when nothing was given to infer it from
    this.requireTLS = spec.requireTLS ?? false;
    this.idempotent = spec.idempotent ?? false;
    this.commandType = spec.commandType ?? plainBox;
    this.responseType = spec.responseType ?? plainBox;
    this.declaredErrors = new DeclaredErrors(this.errors, this.fatalErrors);

    for (const field of Object.keys({ ...this.arguments, ...this.response })) {
      if (PROTOCOL_KEYS.has(field))
        throw new InvalidSignature(`${field} of ${name}: AMP keeps this key for itself`);
    }
    this.#argumentFields = new FieldSet(this.arguments, `argument of ${name}`);
    // What a responder returns beyond the response is left out, as Twisted does: it may be a row of a database.
    this.#responseFields = new FieldSet(this.response, `response of ${name}`, false);
    const commandKey = { key: COMMAND, value: textToKey(name) };
    this.#ask = new BoxTemplate(this.#argumentFields, [{ key: ASK }, commandKey]);
    this.#askWithoutAnswer = new BoxTemplate(this.#argumentFields, [commandKey]);
    this.#answer = new BoxTemplate(this.#responseFields, [{ key: ANSWER }]);
    this.#bareArguments = new BoxTemplate(this.#argumentFields, []);
    this.#bareResponse = new BoxTemplate(this.#responseFields, []);
    const base = Command.prototype;
    this.#replaced = {
      makeArguments: this.makeArguments !== base.makeArguments,
      parseArguments: this.parseArguments !== base.parseArguments,
      makeResponse: this.makeResponse !== base.makeResponse,
      parseResponse: this.parseResponse !== base.parseResponse,
    };
    this.responder = this.responder.bind(this);
  }

  /** What asking and answering this command changes about the connection; undefined for ordinary commands. */
  get change(): ProtocolChange | undefined {
    // Either kind of box may bring it, so that half a change cannot be declared.
    return this.commandType.change ?? this.responseType.change;
  }

  /**
   * A command that has everything this one has, and more: Twisted's subclassing. An error of this command is
   * an error of the extension, in both directions.
   */
  extend<A2 extends Fields = {}, R2 extends Fields = {}, Q2 extends boolean = Q>(
    name: string,
    spec: CommandSpec<A2, R2, Q2> = {},
  ): Command<Extended<A, A2>, Extended<R, R2>, Q2> {
    // The constructor of a subclass that keeps ours; one that changes it overrides `extend` too.
    const Same = this.constructor as new (
      name: string,
      spec: CommandSpec<Fields, Fields, boolean>,
    ) => Command<Extended<A, A2>, Extended<R, R2>, Q2>;
    const extended = new Same(name, {
      ...this,
      ...said(spec),
      arguments: { ...this.arguments, ...spec.arguments },
      response: { ...this.response, ...spec.response },
      errors: { ...this.errors, ...spec.errors },
      fatalErrors: { ...this.fatalErrors, ...spec.fatalErrors },
    });
    extended.declaredErrors.inherit(this.declaredErrors);
    bases.set(extended, this);
    return extended;
  }

  /** The arguments as a box, without the protocol's own keys. @throws InvalidSignature, TooLong */
  makeArguments(values: InputOf<A>, connection?: unknown): Box {
    return madeBy(this.#bareArguments, values, connection);
  }

  /** The arguments from a box. @throws InvalidSignature */
  parseArguments(box: Box, connection?: unknown): ValuesOf<A> {
    // What the schema reads is what the schema's fields say: their values.
    return readFields(this.#argumentFields, frameOfBox(box), connection) as ValuesOf<A>;
  }

  /** The answer as a box, without the protocol's own keys. @throws InvalidSignature, TooLong */
  makeResponse(values: InputOf<R>, connection?: unknown): Box {
    return madeBy(this.#bareResponse, values, connection);
  }

  /** The answer from a box. @throws InvalidSignature */
  parseResponse(box: Box, connection?: unknown): ValuesOf<R> {
    return readFields(this.#responseFields, frameOfBox(box), connection) as ValuesOf<R>; // as above
  }

  /**
   * A responder for this command: give it to `locator(...)`. Also a decorator for methods:
   * `@Sum.responder sum({ a, b }) { ... }`; then `locator(new Calculator())` finds it.
   */
  responder<This, F extends Respond<A, R>>(method: F, context: ClassMethodDecoratorContext<This, F>): void;
  responder(respond: Respond<A, R>): CommandResponder;
  responder(respond: Respond<A, R>, context?: ClassMethodDecoratorContext): CommandResponder | undefined {
    if (context !== undefined) return registerMethod(this, context);
    return new CommandResponder(this, respond as ErasedRespond); // it is only called with what this command has parsed
  }

  writeAsk(out: ByteWriter, tag: number | undefined, values: Values, connection: unknown): void {
    if (this.#replaced.makeArguments) {
      const box = this.makeArguments(values as InputOf<A>, connection); // the caller's types have checked it
      if (tag !== undefined) box.set(ASK, tagBytes(tag));
      writeBox(out, box.set(COMMAND, textToKey(this.name)));
    } else if (tag === undefined) {
      this.#askWithoutAnswer.write(out, NO_TAG, values, connection);
    } else {
      this.#ask.write(out, tag, values, connection);
    }
  }

  writeAnswer(out: ByteWriter, tag: Tag, values: Values, connection: unknown): void {
    if (this.#replaced.makeResponse) {
      const box = this.makeResponse(values as InputOf<R>, connection); // the responder's types have checked it
      writeBox(out, box.set(ANSWER, tagBytes(tag)));
    } else {
      this.#answer.write(out, tag, values, connection);
    }
  }

  readArguments(frame: Frame, connection: unknown): Values {
    if (this.#replaced.parseArguments) return this.parseArguments(frame.toBox(), connection);
    const values = readFields(this.#argumentFields, frame, connection);
    if (frame.matched === undefined)
      frame.expected = (frame.ask < 0 ? this.#askWithoutAnswer : this.#ask).expectedBox;
    return values;
  }

  readResponse(frame: Frame, connection: unknown): Values {
    if (this.#replaced.parseResponse) return this.parseResponse(frame.toBox(), connection);
    const values = readFields(this.#responseFields, frame, connection);
    if (frame.matched === undefined) frame.expected = this.#answer.expectedBox; // as above
    return values;
  }
}

/**
 * Defines a command.
 * @param name as it goes over the wire
 * @throws InvalidSignature, TooLong when the name, a field or an error tag cannot be used
 */
export function command<
  const A extends Fields = {},
  const R extends Fields = {},
  const Q extends boolean = true,
>(name: string, spec: CommandSpec<A, R, Q> = {}): Command<A, R, Q> {
  return new Command(name, spec);
}

/** What is undefined says nothing: it must not undo what is inherited, a `requireTLS` say. */
function said<Spec extends object>(spec: Spec): Partial<Spec> {
  const entries = Object.entries(spec).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<Spec>; // some of its own entries
}

function madeBy(template: BoxTemplate, values: Values, connection: unknown): Box {
  const out = new ByteWriter();
  template.write(out, NO_TAG, values, connection);
  return frameOfBytes(out.copy()).toBox();
}
