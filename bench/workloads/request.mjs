/** What the Node peers call, and with which values. */

/** @returns `method` (`sum`, `echo` or `same`) and its `args`; bytes are what `toBytes` makes of a Uint8Array */
export function requestOf({ kind, bytes, fields }, toBytes = (value) => value) {
  if (kind === "sum") return { method: "sum", args: { a: 13, b: 81 } };
  if (kind === "echo") return { method: "echo", args: { data: toBytes(Buffer.alloc(bytes, 0x61)) } };
  const args = fields.map(({ name, type, value }) => [
    name,
    type === "bytes" ? toBytes(Buffer.from(value)) : value,
  ]);
  return { method: "same", args: Object.fromEntries(args) };
}
