/** Types of the values of each codec, sent and received. Checked by `tsc`; nothing here runs. */
import {
  type Argument,
  ampList,
  bigBytes,
  bigInteger,
  bigUnicode,
  boolean,
  bytes,
  dateTime,
  decimal,
  float,
  type InputOf,
  integer,
  listOf,
  local,
  optional,
  path,
  unicode,
  type ValueOf,
  type ValuesOf,
} from "ampwire";
import type { Decimal } from "decimal.js";
import type { Temporal } from "temporal-polyfill";
import type { Equal, Expect } from "./expect.ts";

const plain = {
  integer: integer(),
  bigInteger: bigInteger(),
  bytes: bytes(),
  unicode: unicode(),
  boolean: boolean(),
  float: float(),
  decimal: decimal(),
  dateTime: dateTime(),
  path: path(),
  bigBytes: bigBytes(),
  bigUnicode: bigUnicode({ layout: "numbered-from-0", maxBytes: 1e6 }),
  list: listOf(listOf(integer())),
  rows: ampList({ id: integer(), note: optional(unicode()), inner: ampList({ flag: boolean() }) }),
};

type Row = { id: number; note?: string; inner: { flag: boolean }[] };

export type Received = Expect<
  Equal<
    ValuesOf<typeof plain>,
    {
      integer: number;
      bigInteger: bigint;
      bytes: Uint8Array;
      unicode: string;
      boolean: boolean;
      float: number;
      decimal: Decimal;
      dateTime: Temporal.ZonedDateTime;
      path: string;
      bigBytes: Uint8Array;
      bigUnicode: string;
      list: number[][];
      rows: Row[];
    }
  >
>;

const optionals = {
  needed: integer(),
  number: optional(integer()),
  rows: optional(listOf(ampList({ id: integer() }))),
  big: optional(bigBytes()),
  note: local<{ readonly anything: Date }>(),
};

export type ReceivedOptionals = Expect<
  Equal<
    ValuesOf<typeof optionals>,
    {
      needed: number;
      number?: number;
      rows?: { id: number }[][];
      big?: Uint8Array;
      note?: { readonly anything: Date };
    }
  >
>;

export type GivenOptionals = Expect<
  Equal<
    InputOf<typeof optionals>,
    {
      readonly needed: number;
      readonly number?: number | undefined;
      readonly rows?: readonly (readonly { readonly id: number }[])[] | undefined;
      readonly big?: Uint8Array | undefined;
      readonly note?: { readonly anything: Date } | undefined;
    }
  >
>;

export type Nothing = Expect<Equal<ValuesOf<Record<never, never>>, Record<never, never>>>;

class Colour implements Argument<"red" | "green"> {
  encode(value: "red" | "green"): Uint8Array {
    return new TextEncoder().encode(value);
  }
  decode(received: Uint8Array): "red" | "green" {
    return received.length === 3 ? "red" : "green";
  }
}

const colour = new Colour();
const colours = listOf(colour);
const mayBeColour = optional(colour);
export type OwnCodec = Expect<Equal<ValueOf<typeof colours>, ("red" | "green")[]>>;
export type OwnOptional = Expect<Equal<ValueOf<typeof mayBeColour>, "red" | "green">>;

/** Values to send may be readonly, and `undefined` means absent in a row too. */
export function given(texts: readonly string[], rows: readonly { readonly id: number }[]): void {
  listOf(unicode()).encode(texts);
  listOf(listOf(integer())).encode([[1], [2, 3]] as const);
  optional(listOf(unicode())).encode(texts);
  ampList({ id: integer(), note: optional(unicode()) }).encode(rows);
  ampList({ id: integer(), note: optional(unicode()) }).encode([{ id: 1, note: undefined }]);
  // @ts-expect-error a required value cannot be undefined
  ampList({ id: integer() }).encode([{ id: undefined }]);
}

/** Values of another type do not compile. */
export function refused(): void {
  // @ts-expect-error a string is not an integer
  integer().encode("1");
  // @ts-expect-error a number is not a bigint
  bigInteger().encode(1);
  // @ts-expect-error one element is a string
  listOf(integer()).encode([1, "2"]);
  // @ts-expect-error a required field is missing
  ampList({ id: integer(), name: unicode() }).encode([{ id: 1 }]);
  // @ts-expect-error there is no such field
  ampList({ id: integer() }).encode([{ id: 1, nmae: "x" }]);
  // @ts-expect-error there is no such layout
  bigBytes({ layout: "numbered-from-1" });
  // @ts-expect-error a codec needs decode()
  optional({ encode: () => new Uint8Array(0) });
}

/** Fields whose names are not known when the program is compiled. */
const byName: Record<string, Argument<number, number | string>> = {};
export type ReceivedByName = Expect<Equal<ValuesOf<typeof byName>, { [name: string]: number }>>;
export type SentByName = Expect<Equal<InputOf<typeof byName>, { readonly [name: string]: number | string }>>;

export function namesOnlyKnownLater(): void {
  ampList(byName).encode([{ id: 1, other: "2" }, {}]);
  // @ts-expect-error a value of another type
  ampList(byName).encode([{ id: true }]);
}
