/** Client program: opens many connections, makes one call on each, and leaves them idle. */
import { openMany } from "./open-many.mjs";

export function openIdle(peer, setup) {
  let clients = [];
  return {
    async open({ connections }) {
      clients = await openMany(peer, setup, connections, callOnce);
    },
    async shut() {
      await Promise.all(clients.map((client) => client.close()));
      clients = [];
    },
  };
}

function callOnce(client) {
  if (client.call) return client.call();
  return new Promise((resolve) => {
    client.onAnswers = resolve;
    client.ask(1);
  });
}
