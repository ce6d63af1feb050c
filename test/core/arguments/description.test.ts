/** Descriptions of codecs, from which programs such as `ampwire import` and `export` read the types. */
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
  integer,
  listOf,
  nullable,
  optional,
  path,
  unicode,
} from "ampwire";
import { expect, test } from "vitest";

const fields = { a: integer() };
const element = unicode();
const options = { maxBytes: 5 };

test.each<[string, Pick<Argument<never>, "description">, object]>([
  ["ampList", ampList(fields), { type: "AmpList", fields }],
  ["bigBytes", bigBytes(options), { type: "BigBytes", options }],
  ["bigInteger", bigInteger(), { type: "BigInteger" }],
  ["bigUnicode", bigUnicode(options), { type: "BigUnicode", options }],
  ["boolean", boolean(), { type: "Boolean" }],
  ["bytes", bytes(), { type: "String" }],
  ["dateTime", dateTime(), { type: "DateTime" }],
  ["dateTime as Date", dateTime({ as: "Date" }), { type: "DateTime" }],
  ["decimal", decimal(), { type: "Decimal" }],
  ["float", float(), { type: "Float" }],
  ["integer", integer(), { type: "Integer" }],
  ["listOf", listOf(element), { type: "ListOf", element }],
  ["nullable", nullable(integer()), { type: "Integer" }],
  ["optional", optional(integer()), { type: "Integer" }],
  ["path", path(), { type: "Path" }],
  ["unicode", unicode(), { type: "Unicode" }],
])("%s describes its type and its options", (_, { description }, expected) => {
  expect(description).toEqual(expected);
});
