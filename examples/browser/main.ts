/**
 * A web page that calls, and is called, over a WebSocket: `node examples/browser/main.ts`.
 * `node examples/browser/main.ts 1234` has a Twisted server on port 1234 serve the page's calls, through a relay.
 */
import { calculator } from "./calculator.ts";
import { relayTo } from "./relay.ts";
import { servePage } from "./server.ts";

const twisted = process.argv[2];
const onSocket = twisted === undefined ? calculator : relayTo({ host: "127.0.0.1", port: Number(twisted) });
const { url } = await servePage({ port: Number(process.env.PORT ?? 8080), onSocket });
console.log(`the page is at ${url}`);
