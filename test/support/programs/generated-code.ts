/**
 * Calls a command 600 times over a socket, and prints the sum of the answers, how often code was compiled, and the error of
 * another compilation, if it throws. `node generated-code.mjs MODE`: `default`, `forbidden` (`generateCode: false`) or
 * `hardened` (`Function` throws, as in SES).
 */
import { ampList, command, integer, locator, unicode } from "ampwire";
import { connect, listen } from "ampwire/node";

const mode = process.argv[2];
const row = { id: integer(), name: unicode() };
const Sum = command("Sum", {
  arguments: { rows: ampList(row) },
  response: { total: integer(), rows: ampList(row) },
});

let compiled = 0;
globalThis.Function = new Proxy(Function, {
  construct(target, given) {
    compiled++;
    if (mode === "hardened") throw new TypeError("Function is not available");
    return Reflect.construct(target, given);
  },
});

const options = mode === "forbidden" ? { generateCode: false } : {};
const responder = Sum.responder(({ rows }) => ({ total: rows.reduce((sum, { id }) => sum + id, 0), rows }));
const server = await listen({ ...options, host: "127.0.0.1", port: 0, locator: locator(responder) });
const address = server.address();
if (typeof address === "string") throw new Error("the server has no port");
const client = await connect({ ...options, host: "127.0.0.1", port: address.port });
let total = 0;
for (let call = 0; call < 600; call++) {
  const rows = [
    { id: call, name: "first" },
    { id: 1, name: "\u2028" },
  ];
  const answer = await client.callRemote(Sum, { rows });
  if (JSON.stringify(answer.rows) !== JSON.stringify(rows)) throw new Error(`call ${call} has other rows`);
  total += answer.total;
}
await client.close();
await server.close();
const counted = compiled;
let failure = "";
try {
  new Function("");
} catch (error) {
  failure = String(error);
}
console.log(JSON.stringify({ total, compiled: counted, failure: failure.replace(/:.*/, "") }));
