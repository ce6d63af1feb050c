import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { attach, serverOptions } from "ampwire/websocket";
import { build } from "esbuild";
import { WebSocketServer } from "ws";
import { jobService } from "./service.mjs";

const bundle = await build({ entryPoints: ["page.mjs"], bundle: true, format: "esm", write: false });
const files = new Map([
  ["/", ["text/html", readFileSync("page.html")]],
  ["/page.js", ["text/javascript", bundle.outputFiles[0].contents]],
]);

const server = createServer((request, response) => {
  const [type, body] = files.get(request.url) ?? [];
  if (body === undefined) response.writeHead(404).end();
  else response.writeHead(200, { "Content-Type": type }).end(body);
});
const sockets = new WebSocketServer({
  server,
  path: "/amp",
  ...serverOptions(),
  // Any web page can open a WebSocket to this server: serve the own page only.
  verifyClient: ({ origin }) => origin === "http://127.0.0.1:4080",
});
const service = jobService();
sockets.on("connection", (socket) => attach(socket, { locator: service }));
server.listen(4080, "127.0.0.1", () => console.log("open http://127.0.0.1:4080"));
