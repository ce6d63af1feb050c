/** The floor with one promise for each call, settled in order: the minimum cost of a client with promises. */
import { boxesOf } from "./by-hand/boxes.mjs";
import { EndFinder } from "./by-hand/end-finder.mjs";
import { repeatedAsks } from "./by-hand/repeated.mjs";
import { closeSocket, openSocket } from "./by-hand/stream.mjs";

export { serve } from "./floor.mjs";

export async function open(setup) {
  const { work } = setup;
  const socket = await openSocket(setup);
  const asks = repeatedAsks(boxesOf(work).ask);
  const finder = new EndFinder();
  // A ring for all calls in flight. Its length is a power of two, so that a mask gives the index.
  const inFlight = Math.ceil((work.inFlight ?? 1) / (work.connections ?? 1));
  const ring = new Array(2 ** Math.ceil(Math.log2(inFlight + 1))).fill(undefined);
  const mask = ring.length - 1;
  let asked = 0;
  let answered = 0;
  let unwritten = 0;
  const executor = (resolve) => {
    ring[asked++ & mask] = resolve;
  };
  const flush = () => {
    asks.write(socket, unwritten);
    unwritten = 0;
  };
  socket.on("data", (chunk) => {
    for (let left = finder.count(chunk); left > 0; left--) ring[answered++ & mask]();
  });
  return {
    call: () => {
      if (unwritten++ === 0) queueMicrotask(flush);
      return new Promise(executor);
    },
    close: () => closeSocket(socket),
  };
}
