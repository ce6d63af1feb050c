/** The same with one promise a call, settled in order: what a client that offers promises cannot go below. */
import { boxesOf } from "./by-hand/boxes.mjs";
import { EndFinder } from "./by-hand/end-finder.mjs";
import { Repeated } from "./by-hand/repeated.mjs";
import { closeSocket, openSocket } from "./by-hand/stream.mjs";

export { serve } from "./floor.mjs";

/** More calls than any workload has in flight; a power of two. */
const RING = 16_384;

export async function open({ port, work, tls }) {
  const socket = await openSocket(port, tls);
  const asks = new Repeated(boxesOf(work).ask);
  const finder = new EndFinder();
  const waiting = new Array(RING);
  let asked = 0;
  let answered = 0;
  let unwritten = 0;
  const executor = (resolve) => {
    waiting[asked++ & (RING - 1)] = resolve;
  };
  const flush = () => {
    asks.write(socket, unwritten);
    unwritten = 0;
  };
  socket.on("data", (chunk) => {
    for (let left = finder.count(chunk); left > 0; left--) waiting[answered++ & (RING - 1)]();
  });
  return {
    call: () => {
      if (unwritten++ === 0) queueMicrotask(flush);
      return new Promise(executor);
    },
    close: () => closeSocket(socket),
  };
}
