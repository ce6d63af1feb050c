/**
 * Types of `implement`, of `client` and of `context.state`. Nothing here runs: `npm run check:types` is the test, and the
 * compiler reports an `@ts-expect-error` before a line without an error.
 */
import {
  type AmpConnection,
  type ClientOf,
  client,
  command,
  float,
  type Implementation,
  implement,
  integer,
  optional,
  type ResponderContext,
  unicode,
} from "ampwire";
import type { Equal, Expect } from "./expect.ts";

const Sum = command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } });
const Divide = command("Divide", {
  arguments: { numerator: integer(), denominator: optional(integer()) },
  response: { result: float() },
});
const Tell = command("Tell", { arguments: { text: unicode() }, requiresAnswer: false });
const Bare = command("Bare");
const contract = { Sum, Divide, Tell, Bare };

// Responders.

implement(contract, {
  Sum: ({ a, b }) => ({ total: a + b }),
  Divide: async ({ numerator, denominator = 1 }) => ({ result: numerator / denominator }),
  Tell: ({ text }, { state }) => {
    state.last = text;
  },
  Bare() {},
});
implement({ Sum }, { Sum: ({ a, b }) => ({ total: a + b }) });

// @ts-expect-error: the responder of Divide is missing
implement({ Sum, Divide }, { Sum: ({ a, b }) => ({ total: a + b }) });
implement(
  { Sum },
  {
    Sum: ({ a, b }) => ({ total: a + b }),
    // @ts-expect-error: Divide is not in the contract
    Divide: () => ({ result: 1 }),
  },
);
implement(
  { Sum, Divide },
  {
    Sum: ({ a, b }) => ({ total: a + b }),
    // @ts-expect-error: the response of Divide is a number
    Divide: () => ({ result: "1" }),
  },
);
implement(
  { Sum },
  {
    // @ts-expect-error: Sum has no argument c
    Sum: ({ c }) => ({ total: c }),
  },
);
// @ts-expect-error: a responder is not a command
implement({ Sum: () => ({ total: 1 }) }, { Sum: () => ({ total: 1 }) });

class Service implements Implementation<{ readonly Sum: typeof Sum }> {
  readonly offset = 1;
  Sum({ a, b }: { a: number; b: number }, _context: ResponderContext) {
    return { total: a + b + this.offset };
  }
}
implement({ Sum }, new Service());
// @ts-expect-error: the class has no method Divide
implement({ Sum, Divide }, new Service());

// Calls.

declare const connection: AmpConnection;
const calls = client(connection, contract);
export type Calls = Expect<Equal<typeof calls, ClientOf<Readonly<typeof contract>>>>;

const sum = calls.Sum({ a: 1, b: 2 });
export type OfSum = Expect<Equal<typeof sum, Promise<{ total: number }>>>;
const told = calls.Tell({ text: "x" });
export type OfTell = Expect<Equal<typeof told, undefined>>;
void calls.Bare();
void calls.Bare({}, { timeout: 5 });
void calls.Divide({ numerator: 1 }, { signal: new AbortController().signal });

// @ts-expect-error: an argument is missing
void calls.Sum({ a: 1 });
// @ts-expect-error: the arguments are required
void calls.Sum();
// @ts-expect-error: an argument has another type
void calls.Sum({ a: 1, b: "2" });
// @ts-expect-error: there is no such argument
void calls.Sum({ a: 1, b: 2, c: 3 });
// @ts-expect-error: there is no such option
void calls.Sum({ a: 1, b: 2 }, { timeOut: 5 });
// @ts-expect-error: the contract has no such command
void calls.Product({ a: 1, b: 2 });
// @ts-expect-error: an integer is not a command
client(connection, { Sum: 3 });

// State of a connection: declared for the whole program. The names are those of this file only.

declare module "ampwire" {
  interface ConnectionState {
    contractUser?: string;
    contractVisits?: number;
  }
}
Sum.responder((_args, { state }) => {
  type User = Expect<Equal<typeof state.contractUser, string | undefined>>;
  type Undeclared = Expect<Equal<typeof state.undeclared, unknown>>;
  const seen: [User, Undeclared] = [true, true];
  state.contractUser = "alice";
  state.undeclared = 3;
  // @ts-expect-error: it is a number
  state.contractVisits = "3";
  return { total: seen.length };
});
