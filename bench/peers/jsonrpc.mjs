/**
 * vscode-jsonrpc over node:net or node:tls. JSON has neither bytes nor dates: bytes travel as base64, dates as ISO text,
 * and each end converts them. Decimals are sent as text.
 */
import { createMessageConnection, SocketMessageReader, SocketMessageWriter } from "vscode-jsonrpc/node.js";
import { converter, inTurn, requestsOf } from "../workloads/requests.mjs";
import { closeSocket, openSecured, serveSecured } from "./by-hand/secured.mjs";

const ECHO_FIELDS = [{ name: "data", type: "bytes" }];
// JSON.stringify converts dates itself.
const ENCODERS = { bytes: (bytes) => bytes.toString("base64") };
const DECODERS = { bytes: (text) => Buffer.from(text, "base64"), dateTime: (text) => new Date(text) };

/** Returns the functions that convert the values of each command, by its name. */
function conversionsOf({ commands = [] }) {
  const all = [{ name: "Sum", fields: [] }, { name: "Echo", fields: ECHO_FIELDS }, ...commands];
  return new Map(
    all.map(({ name, fields }) => [
      name,
      { encode: converter(fields, ENCODERS), decode: converter(fields, DECODERS) },
    ]),
  );
}

function connectionOn(socket) {
  const connection = createMessageConnection(
    new SocketMessageReader(socket),
    new SocketMessageWriter(socket),
  );
  connection.onError(() => {});
  return connection;
}

export function serve({ tls, work }) {
  const conversions = conversionsOf(work);
  return serveSecured(tls, (socket) => {
    const connection = connectionOn(socket);
    for (const [command, { encode, decode }] of conversions) {
      connection.onRequest(command, (args) => encode(decode(args)));
    }
    connection.onRequest("Sum", ({ a, b }) => ({ total: a + b }));
    connection.listen();
  });
}

export async function open({ port, tls, work }) {
  const socket = await openSecured(port, tls);
  const connection = connectionOn(socket);
  connection.listen();
  const conversions = conversionsOf(work);
  const requests = requestsOf(work).map((request) => ({ ...request, ...conversions.get(request.command) }));
  return {
    call: inTurn(requests, async ({ command, args, encode, decode }) =>
      decode(await connection.sendRequest(command, encode(args))),
    ),
    close: () => closeSocket(socket),
    answers: requests.map(({ answer }) => answer),
  };
}
