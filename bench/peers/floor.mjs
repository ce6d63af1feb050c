/**
 * The floor of Node's public API: `data` events, a search for the ends of boxes, and one write a turn of bytes made
 * before the run. No call can be cheaper with the documented API of `node:net`.
 */
import { boxesOf } from "./by-hand/boxes.mjs";
import { EndFinder } from "./by-hand/end-finder.mjs";
import { Repeated, repeatedAsks } from "./by-hand/repeated.mjs";
import { closeSocket, openSocket, serveSockets } from "./by-hand/stream.mjs";

export function serve(setup) {
  const answers = new Repeated(boxesOf(setup.work).answer);
  return serveSockets(setup, (socket) => {
    const finder = new EndFinder();
    socket.on("data", (chunk) => {
      const count = finder.count(chunk);
      if (count > 0) answers.write(socket, count);
    });
  });
}

export async function open(setup) {
  const socket = await openSocket(setup);
  const asks = repeatedAsks(boxesOf(setup.work).ask);
  const finder = new EndFinder();
  const client = {
    onAnswers: undefined,
    ask: (count) => asks.write(socket, count),
    close: () => closeSocket(socket),
  };
  socket.on("data", (chunk) => {
    const count = finder.count(chunk);
    if (count > 0) client.onAnswers(count);
  });
  return client;
}
