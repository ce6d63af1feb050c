/**
 * The floor for large values: each value is handed over whole, one promise a call, and the server sends back what
 * came. So a value is copied once on each side, out of the chunks that it arrived in, and never again.
 */
import { boxBytes, TAG } from "./by-hand/boxes.mjs";
import { closeSocket, openSocket, serveSockets } from "./by-hand/stream.mjs";

const END = Buffer.alloc(2);

/** Cuts a stream of boxes of one length into their values, which stand `head` bytes into them. */
function values(boxLength, head, received) {
  let value = Buffer.allocUnsafeSlow(boxLength - head - END.length);
  let at = 0;
  return (chunk) => {
    let from = 0;
    while (from < chunk.length) {
      const taken = Math.min(chunk.length - from, boxLength - at);
      // What lies before and behind the value falls outside it.
      const start = Math.max(from, from + head - at);
      const end = Math.min(from + taken, from + head + value.length - at);
      if (end > start) value.set(chunk.subarray(start, end), Math.max(0, at - head));
      from += taken;
      at += taken;
      if (at < boxLength) return;
      received(value);
      value = Buffer.allocUnsafeSlow(value.length);
      at = 0;
    }
  };
}

/** Everything of a box before its value. */
function headOf(fields, bytes) {
  return boxBytes({ ...fields, data: Buffer.alloc(bytes) }).subarray(0, -bytes - END.length);
}

const heads = ({ bytes }) => ({
  ask: headOf({ _ask: TAG, _command: "Echo" }, bytes),
  answer: headOf({ _answer: TAG }, bytes),
});

/** Sends boxes with one write a turn, and no copy. */
function sender(socket, head) {
  let corked = false;
  const uncork = () => {
    corked = false;
    socket.uncork();
  };
  return (value) => {
    if (!corked) {
      corked = true;
      socket.cork();
      queueMicrotask(uncork);
    }
    socket.write(head);
    socket.write(value);
    socket.write(END);
  };
}

const boxLength = (head, { bytes }) => head.length + bytes + END.length;

export function serve(setup) {
  const { work } = setup;
  const { ask, answer } = heads(work);
  return serveSockets(setup, (socket) => {
    socket.on("data", values(boxLength(ask, work), ask.length, sender(socket, answer)));
  });
}

export async function open(setup) {
  const { work } = setup;
  const socket = await openSocket(setup);
  const { ask, answer } = heads(work);
  const waiting = [];
  socket.on(
    "data",
    values(boxLength(answer, work), answer.length, (value) => waiting.shift()(value)),
  );
  const send = sender(socket, ask);
  const data = Buffer.alloc(work.bytes, 0x61);
  const executor = (resolve) => waiting.push(resolve);
  return {
    call: () => {
      send(data);
      return new Promise(executor);
    },
    close: () => closeSocket(socket),
  };
}
