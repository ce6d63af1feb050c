/** Sends each typed line, and prints the messages of the server. `node examples/chat/client.mjs NAME [PORT]` */
import { createInterface } from "node:readline";
import { locator } from "ampwire";
import { connect } from "ampwire/node";
import { Join, NameTaken, Say, Tell } from "./commands.mjs";

const [name = "guest", port = "4321"] = process.argv.slice(2);
const connection = await connect({
  host: "127.0.0.1",
  port: Number(port),
  locator: locator(Tell.responder(({ text }) => console.log(text))),
});
try {
  await connection.callRemote(Join, { name });
  console.log(`you are ${name}`);
  for await (const text of createInterface({ input: process.stdin })) {
    await connection.callRemote(Say, { text });
  }
} catch (error) {
  if (!(error instanceof NameTaken)) throw error;
  console.log(error.message);
  process.exitCode = 1;
} finally {
  await connection.close();
}
