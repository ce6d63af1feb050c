/**
 * Serves a web page that makes and serves AMP calls over a WebSocket: `node examples/browser/main.ts`.
 * With a port, `node examples/browser/main.ts 1234`, a Twisted server on that port serves the page's calls.
 */
import { calculator } from "./calculator.ts";
import { relayTo } from "./relay.ts";
import { servePage } from "./server.ts";

const twisted = process.argv[2];
const onSocket = twisted === undefined ? calculator : relayTo({ host: "127.0.0.1", port: Number(twisted) });
const { url } = await servePage({ port: Number(process.env.PORT ?? 8080), onSocket });
console.log(`open ${url} in a browser`);
