/** The table of instructions of both ends. */
import { count } from "./table.mjs";

/** Minimum number of instructions of a call for which a function is shown. */
const FEWEST = 50;
/** Maximum number of characters of a name: the names of V8's own functions contain all their types. */
const LONGEST = 64;

export function instructionRows({ server, client }) {
  const names = new Set([...shown(server), ...shown(client)]);
  const of = ({ functions }, name) => functions.find((one) => one.name === name)?.instructions ?? 0;
  const rows = [...names]
    .map((name) => [name, of(server, name), of(client, name)])
    .sort((a, b) => b[1] + b[2] - a[1] - a[2]);
  return [
    ["instructions of a call, Sum, 64 in flight, no socket", "server", "client"],
    ["all", count(server.all), count(client.all)],
    ...rows.map(([name, ...counts]) => [
      name.slice(0, LONGEST),
      ...counts.map((one) => (one < 1 ? "" : count(one))),
    ]),
  ];
}

function shown({ functions }) {
  return functions.filter(({ instructions }) => instructions >= FEWEST).map(({ name }) => name);
}
