/**
 * The commands of the interoperability peers. `test/interop/twisted/commands.py` declares them for Twisted and describes
 * their behavior.
 *
 * Twisted's Integer has any size, so these are `bigInteger`s. `EchoSafeInteger` is the same command with `integer`s.
 */
import {
  ampList,
  bigBytes,
  bigInteger,
  bigUnicode,
  boolean,
  bytes,
  command,
  dateTime,
  decimal,
  type Fields,
  float,
  integer,
  listOf,
  optional,
  path,
  quitBox,
  StartTLS,
  unicode,
} from "ampwire";
import { descriptor, protocolSwitch } from "ampwire/node";

// Arithmetic.

export class ZeroDivisionError extends Error {}

export const Sum = command("Sum", {
  arguments: { a: bigInteger(), b: bigInteger() },
  response: { total: bigInteger() },
});
export const Divide = command("Divide", {
  arguments: { numerator: bigInteger(), denominator: bigInteger() },
  response: { result: float() },
  errors: { ZERO_DIVISION: ZeroDivisionError },
});

// Echoes. The response has the same fields as the arguments.

function echo<const A extends Fields>(name: string, fields: A) {
  return command(name, { arguments: fields, response: fields });
}

export const EchoInteger = echo("EchoInteger", { value: bigInteger() });
export const EchoSafeInteger = echo("EchoInteger", { value: integer() });
export const EchoString = echo("EchoString", { value: bytes() });
export const EchoUnicode = echo("EchoUnicode", { value: unicode() });
export const EchoBoolean = echo("EchoBoolean", { value: boolean() });
export const EchoFloat = echo("EchoFloat", { value: float() });
export const EchoDecimal = echo("EchoDecimal", { value: decimal() });
export const EchoDateTime = echo("EchoDateTime", { value: dateTime() });
export const EchoPath = echo("EchoPath", { value: path() });
export const EchoListOfInteger = echo("EchoListOfInteger", { value: listOf(bigInteger()) });
export const EchoListOfListOfUnicode = echo("EchoListOfListOfUnicode", { value: listOf(listOf(unicode())) });
export const EchoAmpList = echo("EchoAmpList", {
  value: ampList({ id: bigInteger(), name: unicode(), score: optional(float()) }),
});
export const EchoOptional = echo("EchoOptional", { a: optional(bigInteger()), b: optional(unicode()) });
export const EchoBig = echo("EchoBig", { text: bigUnicode(), data: bigBytes() });
export const EchoDescriptor = echo("EchoDescriptor", { value: descriptor() });
/** A raw responder serves it at both ends. */
export const Raw = echo("raw", { data: bytes() });

/** Served by Twisted only: decodes `wire` as the type and encodes it again. */
export const Recode = command("Recode", {
  arguments: { type: unicode(), wire: bytes() },
  response: { accepted: boolean(), wire: bytes(), error: unicode() },
});

// Failures.

export class DeclaredError extends Error {}
export class FatalError extends Error {}
export class BaseError extends Error {}
export class ExtendedError extends Error {}

export const FailDeclared = command("FailDeclared", {
  arguments: { message: unicode() },
  errors: { DECLARED: DeclaredError },
});
export const FailFatal = command("FailFatal", {
  arguments: { message: unicode() },
  fatalErrors: { FATAL: FatalError },
});
export const FailUndeclared = command("FailUndeclared", { arguments: { message: unicode() } });
export const FailBase = command("FailBase", {
  arguments: { message: unicode() },
  errors: { BASE: BaseError },
});
export const FailExtended = FailBase.extend("FailExtended", {
  arguments: { which: unicode() },
  errors: { EXTENDED: ExtendedError },
});
export const FailWith = command("FailWith", {
  arguments: { code: bytes(), description: unicode(), fatal: boolean() },
});
export const FailReturn = command("FailReturn", { response: { total: bigInteger() } });
export const Repeat = command("Repeat", {
  arguments: { value: bytes(), times: integer() },
  response: { value: bytes() },
});
export const NotServed = command("NotServed");
/** The answer is the last box of the connection. */
export const Quit = command("Quit", {
  arguments: { message: unicode() },
  response: { goodbye: unicode() },
  responseType: quitBox,
});

// Time, direction, the end of the connection.

export const Notify = command("Notify", { arguments: { message: unicode() }, requiresAnswer: false });
export const LastNotified = command("LastNotified", { response: { message: unicode() } });
export const Slow = command("Slow", { arguments: { milliseconds: integer() } });
export const CallBack = command("CallBack", {
  arguments: { n: bigInteger() },
  response: { total: bigInteger() },
});

const rawFields = ampList({ key: bytes(), value: bytes() });

/** Served by Twisted only. Makes the given call back to this end, and returns the outcome. */
export const AskMe = command("AskMe", {
  arguments: { command: bytes(), fields: rawFields },
  response: { outcome: unicode(), fields: rawFields, code: bytes(), description: unicode() },
});
/** Served by Twisted only. */
export const HangUp = command("HangUp", { arguments: { abort: boolean() } });

// TLS.

export class BadTokenError extends Error {}

export const GOOD_TOKEN = "sesame";

export const WhoAmI = command("WhoAmI", {
  response: { peerCommonName: unicode(), secure: boolean(), tlsVersion: unicode() },
});
export const SecureStart = StartTLS.extend("SecureStart", {
  arguments: { token: unicode() },
  errors: { BAD_TOKEN: BadTokenError },
});
export const StartTLSNow = command("StartTLSNow");
export const WaitSecure = command("WaitSecure", { response: { secure: boolean(), error: unicode() } });

// Protocol switches.

export class SwitchRefusedError extends Error {}

export const SwitchToLine = protocolSwitch("SwitchToLine");
export const RefuseSwitch = protocolSwitch("RefuseSwitch", {
  errors: { SWITCH_REFUSED: SwitchRefusedError },
});
