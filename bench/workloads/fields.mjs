/**
 * Fields of the commands that carry more than two integers. A command sends its fields as arguments and returns them as
 * the response. Each peer declares its own types for them. Values are JSON, so that a peer in any language can read
 * them:
 *
 *   bytes      text, whose UTF-8 encoding is sent
 *   decimal    decimal text
 *   dateTime   AMP's text of 32 characters
 *   integers   a list
 *   rows       a list of objects, whose fields are `of`
 */

const field = (name, type, value) => ({ name, type, value });

export const mixed = [
  field("id", "integer", 4711),
  field("count", "integer", 3),
  field("price", "float", 19.75),
  field("ratio", "float", 0.0625),
  field("name", "unicode", "Grüße aus Köln"),
  field("note", "unicode", "thirty characters of plain text"),
  field("ready", "boolean", true),
  field("urgent", "boolean", false),
  field("token", "bytes", "0123456789abcdef"),
  field("points", "integers", [1, 20, 300]),
];

/** The mixed fields with a decimal as price and a date in place of `urgent`. */
export const dated = [
  field("id", "integer", 4711),
  field("count", "integer", 3),
  field("price", "decimal", "1249.95"),
  field("ratio", "float", 0.0625),
  field("name", "unicode", "Grüße aus Köln"),
  field("note", "unicode", "thirty characters of plain text"),
  field("ready", "boolean", true),
  field("ordered", "dateTime", "2026-03-28T09:41:07.250000+01:00"),
  field("token", "bytes", "0123456789abcdef"),
  field("points", "integers", [1, 20, 300]),
];

/** Text of two, three and four bytes a character, from one word to a paragraph. */
export const texts = [
  field("city", "unicode", "Αθήνα"),
  field("street", "unicode", "улица Большая Садовая, 10"),
  field("title", "unicode", "吾輩は猫である。名前はまだ無い。"),
  field("mood", "unicode", "👍🏽 🎉 👩‍🚀"),
  field("plain", "unicode", "one field of ASCII"),
  field("story", "unicode", "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. ".repeat(4)),
];

const optional = (name, type, value) => ({ ...field(name, type, value), optional: true });

export const optionals = [
  field("id", "integer", 4711),
  field("name", "unicode", "a name"),
  field("ready", "boolean", true),
  optional("count", "integer", 3),
  optional("price", "float", 19.75),
  optional("note", "unicode", "thirty characters of plain text"),
  optional("token", "bytes", "0123456789abcdef"),
  optional("urgent", "boolean", false),
];

/** Fields that a call leaves out, for four calls in turn. */
export const absences = [
  [],
  ["count", "price", "note", "token", "urgent"],
  ["note", "token"],
  ["count", "price", "urgent"],
];

/**
 * Eight commands of six fields each. All names have the same length and all values the same type, so that the commands
 * cost the same and the rate with one of them can be compared with the rate of all in turn.
 */
export const eightCommands = ["User", "Item", "Task", "Team", "File", "Page", "Note", "Role"].map((noun) => {
  const prefix = noun.toLowerCase();
  return {
    name: `Save${noun}`,
    fields: [
      field(`${prefix}_id`, "integer", 4711),
      field(`${prefix}_size`, "integer", 65536),
      field(`${prefix}_rate`, "float", 2.5),
      field(`${prefix}_open`, "boolean", true),
      field(`${prefix}_name`, "unicode", "a short name"),
      field(`${prefix}_text`, "unicode", "thirty characters of plain text"),
    ],
  };
});

export const rows = [
  {
    ...field(
      "rows",
      "rows",
      Array.from({ length: 50 }, (_, index) => ({
        id: 1000 + index,
        name: `row ${index}`,
        weight: index + 0.5,
      })),
    ),
    of: [field("id", "integer"), field("name", "unicode"), field("weight", "float")],
  },
];

/** Returns `count` fields of small integers. */
export function keys(count) {
  return Array.from({ length: count }, (_, index) => field(`key${index}`, "integer", 1000 + index));
}
