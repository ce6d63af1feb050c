/** Opens many connections, a batch at a time. */

/** Connections opened at once: a server's backlog is short. */
const BATCH = 50;

/** Opens `count` connections. `opened` is called with each one, and awaited before the next batch. */
export async function openMany(peer, setup, count, opened = () => {}) {
  const clients = [];
  while (clients.length < count) {
    const length = Math.min(BATCH, count - clients.length);
    const batch = await Promise.all(Array.from({ length }, () => peer.open(setup)));
    await Promise.all(batch.map(opened));
    clients.push(...batch);
  }
  return clients;
}
