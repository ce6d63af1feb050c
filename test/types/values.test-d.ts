/**
 * Types of the values of `json`, `literal`, `enumeration` and `nullable`. Nothing here runs: `npm run check:types` is the test,
 * and the compiler reports an `@ts-expect-error` before a line without an error.
 */
import {
  type AmpConnection,
  type ArgumentsOf,
  ampList,
  command,
  dateTime,
  declaredError,
  enumeration,
  type InputOf,
  integer,
  json,
  literal,
  nullable,
  optional,
  propertiesArgument,
  type StandardSchema,
  unicode,
  type ValuesOf,
} from "ampwire";
import type { Temporal } from "temporal-polyfill";
import type { Equal, Expect } from "./expect.ts";

declare const connection: AmpConnection;

declare enum Color {
  Red = "red",
  Blue = "blue",
}
declare enum Size {
  Small,
  Large = 7,
}
/** The type of a schema that transforms a text to a Date. */
declare const schema: StandardSchema<{ when: string }, { when: Date }>;

const Save = command("Save", {
  arguments: {
    anything: json(),
    config: json<{ retries: number }>(),
    checked: json(schema),
    level: literal("low", "high", 3),
    color: enumeration(Color),
    size: enumeration(Size),
    mode: enumeration({ Read: "r", Write: "w" }),
    note: nullable(unicode()),
    rows: ampList({ parent: nullable(integer()) }),
    more: optional(nullable(literal("x"))),
  },
});

export type Received = Expect<
  Equal<
    ArgumentsOf<typeof Save>,
    {
      anything: unknown;
      config: { retries: number };
      checked: { when: Date };
      level: "low" | "high" | 3;
      color: Color.Red | Color.Blue;
      size: Size.Small | Size.Large;
      mode: "r" | "w";
      note: string | null;
      rows: { parent: number | null }[];
      more?: "x" | null;
    }
  >
>;
export type Sent = Expect<
  Equal<
    Pick<InputOf<typeof Save.arguments>, "checked" | "note" | "more">,
    {
      readonly checked: { when: string };
      readonly note: string | null;
      readonly more?: "x" | null | undefined;
    }
  >
>;

const Level = command("Level", { arguments: { level: literal("low", "high") } });
void connection.callRemote(Level, { level: "low" });
// @ts-expect-error: there is no such level
void connection.callRemote(Level, { level: "middle" });
const Note = command("Note", { arguments: { note: nullable(unicode()) } });
void connection.callRemote(Note, { note: null });
// @ts-expect-error: null must be passed
void connection.callRemote(Note, {});
const Check = command("Check", { arguments: { it: json(schema) } });
// @ts-expect-error: the schema accepts a text
void connection.callRemote(Check, { it: { when: new Date() } });
// @ts-expect-error: an object is not a value of an enumeration
enumeration({ Low: {} });
// @ts-expect-error: a string is not a schema
json("schema");

// Errors with data.

class QuotaError extends Error {
  readonly limit: number;
  constructor(message: string, { limit }: { limit: number }) {
    super(message);
    this.limit = limit;
  }
}
class PlainError extends Error {}
command("Store", { errors: { QUOTA: declaredError(QuotaError, { limit: integer() }), PLAIN: PlainError } });
// @ts-expect-error: a class with data needs its declaration
command("Store", { errors: { QUOTA: QuotaError } });
// @ts-expect-error: the limit is a number
declaredError(QuotaError, { limit: unicode() });
// @ts-expect-error: the constructor needs the limit
declaredError(QuotaError, {});
// @ts-expect-error: the error has no property `limit`, which is sent
declaredError(PlainError, { limit: integer() });

// An argument that fills several properties.

const size = propertiesArgument<{ width: number; height?: number }>(["width", "height"], {
  toBox: ({ width, height = 0 }, name, box) => void box.set(name, `${width}x${height}`),
  fromBox: () => ({ width: 1 }),
});
const Draw = command("Draw", { arguments: { size, color: unicode(), title: optional(unicode()) } });
export type Drawn = Expect<
  Equal<ArgumentsOf<typeof Draw>, { color: string; title?: string; width: number; height?: number }>
>;
void connection.callRemote(Draw, { color: "red", width: 3 });
// @ts-expect-error: the width is missing
void connection.callRemote(Draw, { color: "red" });
// @ts-expect-error: the argument has no property of its own name
void connection.callRemote(Draw, { color: "red", width: 3, size: 3 });
// @ts-expect-error: there is no such property
propertiesArgument<{ width: number }>(["depth"], { toBox: () => {}, fromBox: () => undefined });

// Dates.

const dates = { date: dateTime({ as: "Date" }), temporal: dateTime(), named: dateTime({ as: "Temporal" }) };
export type Dates = Expect<
  Equal<
    ValuesOf<typeof dates>,
    { date: Date; temporal: Temporal.ZonedDateTime; named: Temporal.ZonedDateTime }
  >
>;
// @ts-expect-error: there is no such class
dateTime({ as: "Moment" });
