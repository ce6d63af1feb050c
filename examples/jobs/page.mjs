import { locator } from "ampwire";
import { reconnecting } from "ampwire/websocket";
import { Progress, Result, Submit } from "./commands.mjs";

const element = (name) => document.querySelector(name);

const client = reconnecting({
  url: `${location.origin.replace("http", "ws")}/amp`, // over https: this is wss:, inside TLS
  locator: locator(
    Progress.responder(({ percent }) => {
      element("progress").value = percent;
    }),
  ),
});

element("button").addEventListener("click", async () => {
  const { job } = await client.callRemote(Submit, { limit: 100_000 });
  const { primes } = await client.callRemote(Result, { job });
  element("output").textContent = `${primes} primes`;
});
