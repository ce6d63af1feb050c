/**
 * What is inferred from a command, and what does not compile. Nothing here runs: `npm run check:types` is the test,
 * and an `@ts-expect-error` that expects none is an error itself.
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

/** Compiles only where both are one type, not merely assignable to each other. */
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

// Arguments may be left out where none is required, and `undefined` stands for an optional one that is absent.
void connection.callRemote(Bare);
void connection.callRemote(Bare, {});
void connection.callRemote(Loose);
void connection.callRemote(Loose, { a: undefined });
void connection.callRemote(Loose, undefined, { timeout: 5 });
void connection.callRemote(StartTLS);

// @ts-expect-error: they are required
void connection.callRemote(Sum);
// @ts-expect-error: one is missing
void connection.callRemote(Sum, { a: 1 });
// @ts-expect-error: one is unknown
void connection.callRemote(Sum, { a: 1, b: 2, c: 3 });
// @ts-expect-error: one is of another type
void connection.callRemote(Sum, { a: 1, b: "2" });
// @ts-expect-error: a required one is not `undefined`
void connection.callRemote(Sum, { a: 1, b: undefined });
// @ts-expect-error: nor is it a bigint where a number is declared
void connection.callRemote(Sum, { a: 1, b: 2n });
// @ts-expect-error: unknown, of a command without any
void connection.callRemote(Bare, { a: 1 });
// @ts-expect-error: no such option
void connection.callRemote(Sum, { a: 1, b: 2 }, { timeOut: 5 });
// @ts-expect-error: a name is no command; that is callRemoteString
void connection.callRemote("Sum", { a: 1, b: 2 });
// @ts-expect-error: what is undefined cannot be waited for
void connection.callRemote(Tell, { text: "x" }).then();
// @ts-expect-error: the response has no such value
void connection.callRemote(Sum, { a: 1, b: 2 }).then(({ sum }) => sum);

same<typeof raw, Promise<Box>>();
const raw = connection.callRemoteString("Sum");
same<typeof rawTold, undefined>();
const rawTold = connection.callRemoteString("Tell", undefined, { requiresAnswer: false });

// A command that may or may not want an answer.

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
// What may come back beyond the response is left out, as where a row of a database is returned.
Sum.responder(() => ({ total: 1, more: 2 }));

// @ts-expect-error: nothing is returned
Sum.responder(() => {});
// @ts-expect-error: nor later
Sum.responder(async () => {});
// @ts-expect-error: one is missing
Sum.responder(() => ({}));
// @ts-expect-error: one is of another type
Sum.responder(() => ({ total: "3" }));
// @ts-expect-error: there is no such argument
Sum.responder(({ c }) => ({ total: c }));
// @ts-expect-error: it is a number
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

  // @ts-expect-error: the method wants what the command does not have
  @Sum.responder
  more({ a, c }: { a: number; c: number }) {
    return { total: a + c };
  }

  // @ts-expect-error: the method wants another type
  @Sum.responder
  texts({ a }: { a: string }) {
    return { total: a.length };
  }

  // @ts-expect-error: only methods
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
// @ts-expect-error: it has an argument of its own
void connection.callRemote(SecureStart);

// Declarations.

// @ts-expect-error: an error is a class, not a text
command("Bad", { errors: { BAD: "Bad" } });
class Numbered extends Error {
  constructor(at: number) {
    super(`at ${at}`);
  }
}
// @ts-expect-error: a class that cannot be made from a description
command("Bad", { errors: { BAD: Numbered } });
// @ts-expect-error: an argument is a codec, not a constructor
command("Bad", { arguments: { a: Number } });
// @ts-expect-error: a codec is made by calling
command("Bad", { arguments: { a: integer } });
// @ts-expect-error: no such option
command("Bad", { response: {}, requireAnswer: false });

// What is given may be readonly, what is received is the program's own.
same<InputOf<typeof Sum.arguments>, { readonly a: number; readonly b: number }>();
const received = {} as ArgumentsOf<typeof Sum>;
received.a = 1;

// What a program has not decided may be given as undefined, also with `exactOptionalPropertyTypes`.
declare const undecided: { demands?: boolean; maxBytes?: number };
const Undecided = command("Undecided", {
  arguments: { text: bigUnicode({ maxBytes: undecided.maxBytes }) },
  requireTLS: undecided.demands,
  errors: undefined,
});
same<ArgumentsOf<typeof Undecided>, { text: string }>();
