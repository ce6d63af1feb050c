/** Calls that the Node peers make, with their values. */

/** Values for peers without types of their own for dates and decimals. */
const JAVASCRIPT = {
  bytes: (text) => Buffer.from(text),
  dateTime: (text) => new Date(text),
};

/**
 * Returns the calls of a workload, which a client makes in turn.
 *
 * @param makers functions by type name that make a value from its JSON (see `fields.mjs`); a type without one is sent as
 *   its JSON: decimals, for example, as text
 * @returns `{ command, args, answer }` for each call: the name, the arguments and the expected response
 */
export function requestsOf({ kind, bytes, commands }, makers = JAVASCRIPT) {
  if (kind === "sum") return [{ command: "Sum", args: { a: 13, b: 81 }, answer: { total: 94 } }];
  if (kind === "echo") {
    const args = { data: Buffer.alloc(bytes, 0x61) };
    return [{ command: "Echo", args, answer: args }];
  }
  return commands.flatMap(({ name, fields, absences = [[]] }) =>
    absences.map((absent) => {
      const present = fields.filter((field) => !absent.includes(field.name));
      const args = Object.fromEntries(
        present.map((field) => [field.name, makers[field.type]?.(field.value) ?? field.value]),
      );
      return { command: name, args, answer: args };
    }),
  );
}

/** Returns a function that passes the next request to `send` each time. */
export function inTurn(requests, send) {
  const [first] = requests;
  if (requests.length === 1) return () => send(first);
  let next = 0;
  return () => {
    const request = requests[next];
    next = next + 1 === requests.length ? 0 : next + 1;
    return send(request);
  };
}

/**
 * Returns a function that copies an object and converts its fields of the given types. The function returns the object
 * itself if no field has such a type.
 *
 * @param converters functions by type name
 */
export function converter(fields, converters) {
  const affected = fields.filter(({ type }) => type in converters);
  if (affected.length === 0) return (values) => values;
  return (values) => {
    const copy = { ...values };
    for (const { name, type } of affected) {
      if (copy[name] !== undefined) copy[name] = converters[type](copy[name]);
    }
    return copy;
  };
}
