/**
 * Types that are inferred from a command, and calls that do not compile. Nothing here runs: `npm run check:types` is
 * the test, and the compiler reports an `@ts-expect-error` before a line without an error.
 */
import {
  type AmpConnection,
  type ArgumentsOf,
  ampList,
  type Box,
  bigInteger,
  bigUnicode,
  boolean,
  bytes,
  command,
  float,
  type InputOf,
  integer,
  listOf,
  locator,
  optional,
  type ResponderContext,
  type ResponseOf,
  StartTLS,
  unicode,
} from "ampwire";

declare const connection: AmpConnection;

/** Compiles only if both types are identical, not merely assignable to each other. */
function same<A, B>(
  ..._: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? [] : [A, "is not", B]
): void {}

const Everything = command("Everything", {
  arguments: {
    count: integer(),
    big: bigInteger(),
    ratio: float(),
    name: unicode(),
    data: bytes(),
    flag: boolean(),
    list: listOf(listOf(integer())),
    rows: ampList({ id: integer(), note: optional(unicode()) }),
    maybe: optional(unicode()),
  },
  response: { total: integer(), why: optional(unicode()) },
});
const Sum = command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } });
const Bare = command("Bare");
const Loose = command("Loose", { arguments: { a: optional(integer()) } });
const Tell = command("Tell", { arguments: { text: unicode() }, requiresAnswer: false });

// Arguments and response.

same<
  ArgumentsOf<typeof Everything>,
  {
    count: number;
    big: bigint;
    ratio: number;
    name: string;
    data: Uint8Array;
    flag: boolean;
    list: number[][];
    rows: { id: number; note?: string }[];
    maybe?: string;
  }
>();
same<ResponseOf<typeof Everything>, { total: number; why?: string }>();
same<ArgumentsOf<typeof Bare>, {}>();
same<ResponseOf<typeof Bare>, {}>();
same<ArgumentsOf<"no command">, never>();

// Calls.

declare const rows: readonly { readonly id: number; readonly note: string | undefined }[];
declare const lists: readonly (readonly number[])[];
const Lists = command("Lists", {
  arguments: {
    rows: ampList({ id: integer(), note: optional(unicode()) }),
    lists: listOf(listOf(integer())),
  },
  response: { rows: ampList({ id: integer(), note: optional(unicode()) }) },
});
void connection.callRemote(Lists, { rows, lists });
Lists.responder(() => ({ rows }));

same<typeof sum, Promise<{ total: number }>>();
const sum = connection.callRemote(Sum, { a: 1, b: 2 });
same<typeof told, undefined>();
const told = connection.callRemote(Tell, { text: "x" });
void connection.callRemote(Sum, { a: 1, b: 2 }, { timeout: 5, signal: new AbortController().signal });

// The arguments may be omitted if none is required, and `undefined` means an absent optional argument.
void connection.callRemote(Bare);
void connection.callRemote(Bare, {});
void connection.callRemote(Loose);
void connection.callRemote(Loose, { a: undefined });
void connection.callRemote(Loose, undefined, { timeout: 5 });
void connection.callRemote(StartTLS);

// @ts-expect-error: the arguments are required
void connection.callRemote(Sum);
// @ts-expect-error: an argument is missing
void connection.callRemote(Sum, { a: 1 });
// @ts-expect-error: there is no such argument
void connection.callRemote(Sum, { a: 1, b: 2, c: 3 });
// @ts-expect-error: an argument has another type
void connection.callRemote(Sum, { a: 1, b: "2" });
// @ts-expect-error: a required argument cannot be `undefined`
void connection.callRemote(Sum, { a: 1, b: undefined });
// @ts-expect-error: a bigint is not a number
void connection.callRemote(Sum, { a: 1, b: 2n });
// @ts-expect-error: the command has no arguments
void connection.callRemote(Bare, { a: 1 });
// @ts-expect-error: there is no such option
void connection.callRemote(Sum, { a: 1, b: 2 }, { timeOut: 5 });
// @ts-expect-error: a name is not a command; callRemoteString takes names
void connection.callRemote("Sum", { a: 1, b: 2 });
// @ts-expect-error: a call without an answer returns undefined
void connection.callRemote(Tell, { text: "x" }).then();
// @ts-expect-error: the response has no such value
void connection.callRemote(Sum, { a: 1, b: 2 }).then(({ sum }) => sum);

same<typeof raw, Promise<Box>>();
const raw = connection.callRemoteString("Sum");
same<typeof rawTold, undefined>();
const rawTold = connection.callRemoteString("Tell", undefined, { requiresAnswer: false });

// A command of which the compiler does not know whether it has an answer.

declare const wanted: boolean;
const Perhaps = command("Perhaps", { requiresAnswer: wanted });
same<typeof perhaps, Promise<{}> | undefined>();
const perhaps = connection.callRemote(Perhaps);

// Responders.

Sum.responder(({ a, b }) => ({ total: a + b }));
Sum.responder(async ({ a, b }, { connection, signal, state }) => {
  state.calls = 1;
  signal.addEventListener("abort", () => {});
  return await connection.callRemote(Sum, { a, b });
});
Bare.responder(() => {});
Bare.responder(async () => {});
Bare.responder(() => ({}));
Everything.responder(({ count, maybe }) => {
  same<typeof maybe, string | undefined>();
  return { total: count, why: maybe };
});
// A responder may return more than the response, for example a row of a database. The rest is ignored.
Sum.responder(() => ({ total: 1, more: 2 }));

// @ts-expect-error: the responder returns nothing
Sum.responder(() => {});
// @ts-expect-error: the responder resolves with nothing
Sum.responder(async () => {});
// @ts-expect-error: a value of the response is missing
Sum.responder(() => ({}));
// @ts-expect-error: a value of the response has another type
Sum.responder(() => ({ total: "3" }));
// @ts-expect-error: there is no such argument
Sum.responder(({ c }) => ({ total: c }));
// @ts-expect-error: the argument is a number
Sum.responder(({ a }) => ({ total: a.length }));

// Decorators.

class Calculator {
  @Sum.responder
  sum({ a, b }: ArgumentsOf<typeof Sum>, _context: ResponderContext) {
    return { total: a + b };
  }

  @Sum.responder
  async later({ a }: { a: number }) {
    return { total: a };
  }

  @Bare.responder
  bare() {}

  // @ts-expect-error: the method returns no total
  @Sum.responder
  nothing({ a }: { a: number }) {
    return { sum: a };
  }

  // @ts-expect-error: the method expects an argument that the command does not have
  @Sum.responder
  more({ a, c }: { a: number; c: number }) {
    return { total: a + c };
  }

  // @ts-expect-error: the method expects another type
  @Sum.responder
  texts({ a }: { a: string }) {
    return { total: a.length };
  }

  // @ts-expect-error: only methods can be decorated
  @Sum.responder
  readonly field = 7;
}
locator(
  new Calculator(),
  Sum.responder(() => ({ total: 1 })),
);

// Extensions.

class Failed extends Error {}
const SumAll = Sum.extend("SumAll", {
  arguments: { more: listOf(integer()), b: unicode() },
  response: { count: integer() },
  errors: { FAILED: Failed },
});
same<ArgumentsOf<typeof SumAll>, { a: number; more: number[]; b: string }>();
same<ResponseOf<typeof SumAll>, { total: number; count: number }>();
const Silent = Sum.extend("Silent", { requiresAnswer: false });
same<typeof silent, undefined>();
const silent = connection.callRemote(Silent, { a: 1, b: 2 });
const StillTelling = Tell.extend("StillTelling");
same<typeof telling, undefined>();
const telling = connection.callRemote(StillTelling, { text: "x" });
// @ts-expect-error: an argument of the extension is missing
void connection.callRemote(SumAll, { a: 1, b: "2" });

const SecureStart = StartTLS.extend("SecureStart", { arguments: { token: unicode() } });
void connection.callRemote(SecureStart, { token: "x" });
// @ts-expect-error: the extension has a required argument
void connection.callRemote(SecureStart);

// Declarations.

// @ts-expect-error: an error is a class, not a string
command("Bad", { errors: { BAD: "Bad" } });
class Numbered extends Error {
  constructor(at: number) {
    super(`at ${at}`);
  }
}
// @ts-expect-error: the constructor of an error class takes a description
command("Bad", { errors: { BAD: Numbered } });
// @ts-expect-error: an argument is a codec, not a constructor
command("Bad", { arguments: { a: Number } });
// @ts-expect-error: a codec is the result of calling its function
command("Bad", { arguments: { a: integer } });
// @ts-expect-error: there is no such option
command("Bad", { response: {}, requireAnswer: false });

// Sent values may be readonly; received values may be changed.
same<InputOf<typeof Sum.arguments>, { readonly a: number; readonly b: number }>();
const received = {} as ArgumentsOf<typeof Sum>;
received.a = 1;

// Options may be undefined, with `exactOptionalPropertyTypes` too.
declare const undecided: { demands?: boolean; maxBytes?: number };
const Undecided = command("Undecided", {
  arguments: { text: bigUnicode({ maxBytes: undecided.maxBytes }) },
  requireTLS: undecided.demands,
  errors: undefined,
});
same<ArgumentsOf<typeof Undecided>, { text: string }>();
