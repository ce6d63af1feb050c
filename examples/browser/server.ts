/** Serves the page, bundled when it starts, and its WebSocket on one port. */
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
  /** Default: one that the system chooses. */
  readonly port?: number;
  /** Hears of every WebSocket, open and not read from yet. */
  readonly onSocket: (socket: WebSocket) => void;
}

export async function servePage({ port: wanted = 0, onSocket }: Site) {
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
  server.listen(wanted, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const url = `http://127.0.0.1:${port}`;
  const sockets = new WebSocketServer({
    server,
    path: "/amp",
    ...serverOptions(),
    verifyClient: ({ origin }: { readonly origin: string }) => origin === url, // any page in the world may open a WebSocket to here
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
