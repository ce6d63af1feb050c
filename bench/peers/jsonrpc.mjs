/** vscode-jsonrpc over node:net or node:tls. JSON has no bytes: they travel as base64, made on each side. */
import { createMessageConnection, SocketMessageReader, SocketMessageWriter } from "vscode-jsonrpc/node.js";
import { requestOf } from "../workloads/request.mjs";
import { closeSocket, openSecured, serveSecured } from "./by-hand/secured.mjs";

function connectionOn(socket) {
  return createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
}

const base64 = (bytes) => bytes.toString("base64");

export function serve({ tls }) {
  return serveSecured(tls, (socket) => {
    const connection = connectionOn(socket);
    connection.onRequest("sum", ({ a, b }) => ({ total: a + b }));
    connection.onRequest("echo", ({ data }) => ({ data: base64(Buffer.from(data, "base64")) }));
    connection.onRequest("same", (args) => args);
    connection.onError(() => {});
    connection.listen();
  });
}

export async function open({ port, tls, work }) {
  const socket = await openSecured(port, tls);
  const connection = connectionOn(socket);
  connection.onError(() => {});
  connection.listen();
  return { call: caller(connection, work), close: () => closeSocket(socket) };
}

function caller(connection, work) {
  if (work.kind !== "echo") {
    const { method, args } = requestOf(work, base64);
    return () => connection.sendRequest(method, args);
  }
  const { args } = requestOf(work);
  return async () => {
    const { data } = await connection.sendRequest("echo", { data: base64(args.data) });
    return { data: Buffer.from(data, "base64") };
  };
}
