/** A chat server: pushes each message to all other clients. `node examples/chat/server.mjs [PORT]` */
import { LimitExceeded, locator } from "ampwire";
import { listen } from "ampwire/node";
import { Join, NameTaken, Say, Tell } from "./commands.mjs";

/** Connections by name of the client. */
const clients = new Map();

function tellOthers(name, text) {
  for (const [other, connection] of clients) {
    if (other === name) continue;
    try {
      connection.callRemote(Tell, { text });
    } catch (error) {
      if (!(error instanceof LimitExceeded)) throw error;
      connection.destroy(error); // this client does not read; the others must not wait for it
    }
  }
}

const server = await listen({
  host: "127.0.0.1",
  port: Number(process.argv[2] ?? 4321),
  locator: locator(
    Join.responder(({ name }, { connection, state, signal }) => {
      if (clients.has(name)) throw new NameTaken(`the name ${name} is in use`);
      clients.set(name, connection);
      state.name = name; // kept for Say on this connection
      tellOthers(name, `${name} has joined`);
      signal.addEventListener("abort", () => {
        clients.delete(name);
        tellOthers(name, `${name} has left`);
      });
    }),
    Say.responder(({ text }, { state }) => tellOthers(state.name, `${state.name}: ${text}`)),
  ),
});
console.log(`listening on port ${server.address().port}`);
