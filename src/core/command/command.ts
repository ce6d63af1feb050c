/** Commands: a name, arguments, a response, and errors, declared once for both ends. */

import { brand, COMMAND_BRAND, SEAM } from "../errors/brand.ts";
import { InvalidSignature } from "../errors/caller.ts";
import { DeclaredErrors, type ErrorCodes } from "../errors/declared-errors.ts";
import { checkOptionNames } from "../option-names.ts";
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
import { wrongType } from "../wire/value-text.ts";
import { type BoxKind, type ProtocolChange, plainBox } from "./protocol-change.ts";
import { CommandResponder, type ErasedRespond, type Respond, registerMethod } from "./responder.ts";
import type { AnyCommand } from "./types.ts";

/** Declaration of a command, for `command` and `extend`. Every field is optional. */
export interface CommandSpec<A extends Fields, R extends Fields, Q extends boolean> {
  /** Argument names and their codecs. */
  readonly arguments?: A | undefined;
  /** Response names and their codecs. */
  readonly response?: R | undefined;
  /**
   * Error codes and their classes. If a responder throws an instance of a class, its code is sent, and the caller's call
   * rejects with an instance of the class.
   */
  readonly errors?: ErrorCodes | undefined;
  /** Like `errors`, but the callee closes the connection after it has sent the error. */
  readonly fatalErrors?: ErrorCodes | undefined;
  /**
   * False: `callRemote` requests no answer and returns undefined. Only the caller uses this: a responder must still return
   * the declared response, because another caller may request an answer. Default true.
   */
  readonly requiresAnswer?: Q | undefined;
  /** True: the command is neither sent nor served in plaintext. Default false. */
  readonly requireTLS?: boolean | undefined;
  /** True: a reconnecting client sends the call again if its connection is lost before the answer. Default false. */
  readonly idempotent?: boolean | undefined;
  /** Kind of the ask. Only commands that change the protocol set it. */
  readonly commandType?: BoxKind | undefined;
  /** Kind of the answer: `quitBox` closes the connection after it. Commands that change the protocol set it, too. */
  readonly responseType?: BoxKind | undefined;
}

/** Fields of a {@link CommandSpec}, each with a value of its type. */
const SPEC_TYPES: Required<CommandSpec<Fields, Fields, boolean>> = {
  arguments: {},
  response: {},
  errors: {},
  fatalErrors: {},
  requiresAnswer: true,
  requireTLS: true,
  idempotent: true,
  commandType: plainBox,
  responseType: plainBox,
};
/** Names of the fields of a {@link CommandSpec}. */
export const COMMAND_SPEC: readonly string[] = Object.keys(SPEC_TYPES);

/** Type of the arguments that a responder of the command gets. */
export type ArgumentsOf<C> = C extends Command<infer A, infer _R, infer _Q> ? ValuesOf<A> : never;
/** Type of the response that a call of the command resolves with. */
export type ResponseOf<C> = C extends Command<infer _A, infer R, infer _Q> ? ValuesOf<R> : never;

/** Fields of an extended command: those of the base, overridden by its own. */
export type Extended<Base extends Fields, Own extends Fields> = Omit<Base, keyof Own> & Own;

/** @throws InvalidSignature for a name that is not a non-empty string, which a JavaScript program may pass */
export function checkCommandName(name: unknown): void {
  if (typeof name !== "string" || name === "")
    throw wrongType("the name of a command", "a non-empty string", name);
}

/** Base of each extended command. Kept outside the class, because it does not affect how a command works. */
const bases = new WeakMap<object, AnyCommand>();

/** Returns the command from which `extend` made this one. For programs that translate commands. */
export function baseOf(command: AnyCommand): AnyCommand | undefined {
  return bases.get(command);
}

/** A command, made by {@link command}. A subclass may override the four conversions (`makeArguments` and so on). */
export class Command<A extends Fields = Fields, R extends Fields = Fields, Q extends boolean = boolean>
  implements AnyCommand
{
  /** Name on the wire, `_command`. */
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
  /** `errors` and `fatalErrors`, from code to class and from class to code. */
  readonly declaredErrors: DeclaredErrors;

  static {
    brand(this, COMMAND_BRAND, SEAM);
  }

  readonly #argumentFields: FieldSet;
  readonly #responseFields: FieldSet;
  readonly #ask: BoxTemplate;
  readonly #askWithoutAnswer: BoxTemplate;
  readonly #answer: BoxTemplate;
  /** Conversions that a subclass overrides. Those use the slow path, through a Box. */
  readonly #replaced: {
    makeArguments: boolean;
    parseArguments: boolean;
    makeResponse: boolean;
    parseResponse: boolean;
  };

  /**
   * Creates a command. Prefer {@link command}, which infers the type of `requiresAnswer`.
   * @throws InvalidSignature, TooLong if the name, a field or an error code is invalid; TypeError for an unknown field of `spec`
   */
  constructor(name: string, spec: CommandSpec<A, R, Q> = {}) {
    checkCommandName(name);
    // The spec of a subclass may have fields of its own.
    if (new.target === Command) checkOptionNames(`command ${name}`, spec, COMMAND_SPEC);
    checkSpec(name, spec);
    this.name = name;
    // biome-ignore-start lint/complexity/noBannedTypes: an omitted declaration is an empty one
    this.arguments = spec.arguments ?? ({} as A); // A is inferred as {} if the field is omitted
    this.response = spec.response ?? ({} as R); // the same for R
    // biome-ignore-end lint/complexity/noBannedTypes: -
    this.errors = spec.errors ?? {};
    this.fatalErrors = spec.fatalErrors ?? {};
    this.requiresAnswer = spec.requiresAnswer ?? (true as Q); // Q is inferred as true if the field is omitted
    this.requireTLS = spec.requireTLS ?? false;
    this.idempotent = spec.idempotent ?? false;
    this.commandType = spec.commandType ?? plainBox;
    this.responseType = spec.responseType ?? plainBox;
    if (this.commandType.isLast)
      throw new InvalidSignature(`command ${name}: quitBox is for responseType only`);
    this.declaredErrors = new DeclaredErrors(this.errors, this.fatalErrors);

    for (const field of Object.keys({ ...this.arguments, ...this.response })) {
      if (PROTOCOL_KEYS.has(field)) throw new InvalidSignature(`${field} of ${name}: AMP reserves this key`);
    }
    this.#argumentFields = new FieldSet(this.arguments, `argument of ${name}`);
    // Undeclared values of a response are dropped, as in Twisted: a responder may return a whole database row.
    this.#responseFields = new FieldSet(this.response, `response of ${name}`, false);
    const commandKey = { key: COMMAND, value: textToKey(name) };
    this.#ask = new BoxTemplate(this.#argumentFields, [{ key: ASK }, commandKey]);
    this.#askWithoutAnswer = new BoxTemplate(this.#argumentFields, [commandKey]);
    this.#answer = new BoxTemplate(this.#responseFields, [{ key: ANSWER }]);
    const base = Command.prototype;
    this.#replaced = {
      makeArguments: this.makeArguments !== base.makeArguments,
      parseArguments: this.parseArguments !== base.parseArguments,
      makeResponse: this.makeResponse !== base.makeResponse,
      parseResponse: this.parseResponse !== base.parseResponse,
    };
    this.responder = this.responder.bind(this);
  }

  /** The protocol change that follows an answered ask; undefined for ordinary commands. */
  get change(): ProtocolChange | undefined {
    // One of the two kinds is enough, so that half a change cannot be declared.
    return this.commandType.change ?? this.responseType.change;
  }

  /**
   * Returns a new command with all declarations of this one, overridden and completed by `spec`. This is Twisted's
   * subclassing. The errors of this command are errors of the new one too, in both directions.
   * @throws InvalidSignature, TooLong if the name, a field or an error code is invalid; TypeError for an unknown field of `spec`
   */
  extend<A2 extends Fields = {}, R2 extends Fields = {}, Q2 extends boolean = Q>(
    name: string,
    spec: CommandSpec<A2, R2, Q2> = {},
  ): Command<Extended<A, A2>, Extended<R, R2>, Q2> {
    // A subclass may have fields of its own, which its spec may override.
    checkOptionNames(`command ${name}`, spec, [...COMMAND_SPEC, ...Object.keys(this)]);
    const { name: _name, declaredErrors: _errors, responder: _responder, ...inherited } = this;
    // A subclass has the parameters of this constructor; one that changes them must override `extend` too.
    const Same = this.constructor as new (
      name: string,
      spec: CommandSpec<Fields, Fields, boolean>,
    ) => Command<Extended<A, A2>, Extended<R, R2>, Q2>;
    const extended = new Same(name, {
      ...inherited,
      ...defined(spec),
      arguments: { ...this.arguments, ...spec.arguments },
      response: { ...this.response, ...spec.response },
      errors: { ...this.errors, ...spec.errors },
      fatalErrors: { ...this.fatalErrors, ...spec.fatalErrors },
    });
    extended.declaredErrors.inherit(this.declaredErrors);
    bases.set(extended, this);
    return extended;
  }

  /** Encodes arguments to a box without the keys of the protocol. @throws InvalidSignature, TooLong */
  makeArguments(values: InputOf<A>, connection?: unknown): Box {
    return boxOf(this.#askWithoutAnswer, COMMAND, values, connection);
  }

  /** Decodes the arguments from a box. @throws InvalidSignature */
  parseArguments(box: Box, connection?: unknown): ValuesOf<A> {
    // The field set was compiled from A, so it reads the values of A.
    return readFields(this.#argumentFields, frameOfBox(box), connection) as ValuesOf<A>;
  }

  /** Encodes a response to a box without the keys of the protocol. @throws InvalidSignature, TooLong */
  makeResponse(values: InputOf<R>, connection?: unknown): Box {
    return boxOf(this.#answer, ANSWER, values, connection);
  }

  /** Decodes the response from a box. @throws InvalidSignature */
  parseResponse(box: Box, connection?: unknown): ValuesOf<R> {
    return readFields(this.#responseFields, frameOfBox(box), connection) as ValuesOf<R>; // as above
  }

  /**
   * Returns a responder of this command, to pass to `locator(...)`. It is also a decorator for methods, for example
   * `@Sum.responder sum({ a, b }) { ... }` in a class `Calculator`; then pass `new Calculator()` to `locator`.
   */
  responder<This, F extends Respond<A, R>>(method: F, context: ClassMethodDecoratorContext<This, F>): void;
  responder(respond: Respond<A, R>): CommandResponder;
  responder(respond: Respond<A, R>, context?: ClassMethodDecoratorContext): CommandResponder | undefined {
    if (context !== undefined) return registerMethod(this, context);
    if (typeof respond !== "function")
      throw wrongType(`the responder of ${this.name}`, "a function", respond);
    return new CommandResponder(this, respond as ErasedRespond); // called only with arguments that this command has parsed
  }

  writeAsk(out: ByteWriter, tag: number | undefined, values: Values, connection: unknown): void {
    if (this.#replaced.makeArguments === true) this.#writeMadeAsk(out, tag, values, connection);
    else if (tag === undefined) this.#askWithoutAnswer.write(out, NO_TAG, values, connection);
    else this.#ask.write(out, tag, values, connection);
  }

  #writeMadeAsk(out: ByteWriter, tag: number | undefined, values: Values, connection: unknown): void {
    const box = this.makeArguments(values as InputOf<A>, connection); // checked by the types of the caller
    if (tag !== undefined) box.set(ASK, tagBytes(tag));
    writeBox(out, box.set(COMMAND, textToKey(this.name)));
  }

  writeAnswer(out: ByteWriter, tag: Tag, values: Values, connection: unknown): void {
    if (this.#replaced.makeResponse === true) {
      const box = this.makeResponse(values as InputOf<R>, connection); // checked by the types of the responder
      writeBox(out, box.set(ANSWER, tagBytes(tag)));
    } else {
      this.#answer.write(out, tag, values, connection);
    }
  }

  readArguments(frame: Frame, connection: unknown): Values {
    if (this.#replaced.parseArguments === true) return this.parseArguments(frame.toBox(), connection);
    const values = readFields(this.#argumentFields, frame, connection);
    if (frame.matched === undefined)
      frame.expected = frame.fastPaths?.expect(frame.ask < 0 ? this.#askWithoutAnswer : this.#ask);
    return values;
  }

  readResponse(frame: Frame, connection: unknown): Values {
    if (this.#replaced.parseResponse === true) return this.parseResponse(frame.toBox(), connection);
    const values = readFields(this.#responseFields, frame, connection);
    if (frame.matched === undefined) frame.expected = frame.fastPaths?.expect(this.#answer);
    return values;
  }

  get answerTemplate(): BoxTemplate {
    return this.#answer;
  }
}

/**
 * Defines a command.
 * @param name the name on the wire, `_command`
 * @throws InvalidSignature, TooLong if the name, a field or an error code is invalid; TypeError for an unknown field of `spec`
 */
export function command<
  const A extends Fields = {},
  const R extends Fields = {},
  const Q extends boolean = true,
>(name: string, spec: CommandSpec<A, R, Q> = {}): Command<A, R, Q> {
  return new Command(name, spec);
}

/** Checks the types of a spec's fields, which a JavaScript program may have mixed up. @throws InvalidSignature */
function checkSpec(name: string, spec: object): void {
  const given = spec as Readonly<Record<string, unknown>>; // only read
  for (const [field, valid] of Object.entries(SPEC_TYPES)) {
    const value = given[field];
    if (value === undefined || (typeof value === typeof valid && !(Symbol.iterator in Object(value ?? []))))
      continue;
    throw wrongType(`command ${name}: ${field}`, valid === true ? "true or false" : "an object", value);
  }
}

/** Returns the fields that are set. An undefined field must not override an inherited one, for example `requireTLS`. */
function defined<Spec extends object>(spec: Spec): Partial<Spec> {
  const entries = Object.entries(spec).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<Spec>; // a subset of its entries
}

/** @param key the key of the protocol that the template adds */
function boxOf(template: BoxTemplate, key: string, values: Values, connection: unknown): Box {
  const out = new ByteWriter();
  template.write(out, NO_TAG, values, connection);
  const box = frameOfBytes(out.copy()).toBox();
  box.delete(key);
  return box;
}
