/** Serves the page and its WebSocket on one port. Bundles the page at the start. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { serverOptions } from "ampwire/websocket";
import { build } from "esbuild";
import { type WebSocket, WebSocketServer } from "ws";

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export interface Site {
  /** Default: a free port, chosen by the system. */
  readonly port?: number;
  /** Called with each open WebSocket, before its first message. */
  readonly onSocket: (socket: WebSocket) => void;
}

export async function servePage({ port: requestedPort = 0, onSocket }: Site) {
  const pages = new Map<string | undefined, [type: string, body: Uint8Array]>([
    ["/", ["text/html; charset=utf-8", await readFile(file("index.html"))]],
    ["/style.css", ["text/css", await readFile(file("style.css"))]],
    ["/page.js", ["text/javascript", await bundled()]],
  ]);
  const server = createServer(({ url }, response) => {
    const found = pages.get(url);
    if (found === undefined) return void response.writeHead(404).end();
    const [type, body] = found;
    const policy =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:";
    response.writeHead(200, { "Content-Type": type, "Content-Security-Policy": policy }).end(body);
  });
  server.listen(requestedPort, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // always an AddressInfo for TCP
  const url = `http://127.0.0.1:${port}`;
  const sockets = new WebSocketServer({
    server,
    path: "/amp",
    ...serverOptions(),
    verifyClient: ({ origin }: { readonly origin: string }) => origin === url, // a page of any other site could open a WebSocket too
  });
  sockets.on("connection", onSocket);
  return {
    url,
    port,
    async close(): Promise<void> {
      for (const socket of sockets.clients) socket.close(1001);
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function bundled(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [file("page.mjs")],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
  });
  return outputFiles[0]?.contents ?? new Uint8Array(0);
}
