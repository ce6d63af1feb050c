/** Client program: opens many connections, makes one call on each, and leaves them be. */

/** Opened at once: a server's backlog is short. */
const BATCH = 50;

export function openIdle(peer, setup) {
  let clients = [];
  return {
    async open({ connections }) {
      while (clients.length < connections) {
        const count = Math.min(BATCH, connections - clients.length);
        const batch = await Promise.all(Array.from({ length: count }, () => peer.open(setup)));
        await Promise.all(batch.map(callOnce));
        clients.push(...batch);
      }
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
