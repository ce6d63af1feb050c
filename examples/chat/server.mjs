/** A chat: the server pushes what one says to all others. `node examples/chat/server.mjs [PORT]` */
import { LimitExceeded, locator } from "ampwire";
import { listen } from "ampwire/node";
import { Join, NameTaken, Say, Tell } from "./commands.mjs";

/** Who is there: name to connection. */
const present = new Map();

function tellOthers(name, text) {
  for (const [other, connection] of present) {
    if (other === name) continue;
    try {
      connection.callRemote(Tell, { text });
    } catch (error) {
      if (!(error instanceof LimitExceeded)) throw error;
      connection.destroy(error); // it has not read for long: the others do not wait for it
    }
  }
}

const server = await listen({
  host: "127.0.0.1",
  port: Number(process.argv[2] ?? 4321),
  locator: locator(
    Join.responder(({ name }, { connection, state, signal }) => {
      if (present.has(name)) throw new NameTaken(`there is a ${name} already`);
      present.set(name, connection);
      state.name = name; // for this connection's Say
      tellOthers(name, `${name} has come`);
      signal.addEventListener("abort", () => {
        present.delete(name);
        tellOthers(name, `${name} has gone`);
      });
    }),
    Say.responder(({ text }, { state }) => tellOthers(state.name, `${state.name}: ${text}`)),
  ),
});
console.log(`listening on port ${server.address().port}`);
