/** Opens many connections, some at a time. */

/** Opened at once: a server's backlog is short. */
const BATCH = 50;

/** Opens connections until there are `count`; `opened` may do something on each before the next ones. */
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
