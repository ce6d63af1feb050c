/**
 * Arguments that are more than two integers. A workload with `fields` calls a command that has them as arguments
 * and as response; each peer makes its own types of them. All of it is JSON, so that any language can read it:
 * `bytes` are given as text, and `rows` are lists of objects whose fields are `of`.
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

/** So many small integers. */
export function keys(count) {
  return Array.from({ length: count }, (_, index) => field(`key${index}`, "integer", 1000 + index));
}
