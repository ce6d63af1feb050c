/** Program of a web page in a bundler's project: with the DOM's types and an older library, without Node's types. */
import { command, integer, locator } from "ampwire";
import { connectedPair } from "ampwire/testing";
import { connect } from "ampwire/websocket";

const Sum = command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } });

const responders = locator(
  Sum.responder(async ({ a, b }, { signal }) => {
    await fetch("/sums", { method: "POST", body: `${a + b}`, signal });
    return { total: a + b };
  }),
);

export async function show(host: string): Promise<string> {
  const options = { WebSocket, signal: AbortSignal.timeout(5_000), locator: responders };
  const connection = await connect(`wss://${host}/amp`, options);
  const { total } = await connection.callRemote(Sum, { a: 13, b: 81 });
  await connection.close();
  return total.toFixed();
}

export const [here, there] = connectedPair({ locator: responders });
