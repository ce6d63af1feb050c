/**
 * The floor for large values: each value is delivered as one array, with one promise for each call, and the server sends
 * the array back. Each end copies a value once, out of the chunks in which it arrived.
 */
import { boxBytes, TAG } from "./by-hand/boxes.mjs";
import { closeSocket, openSocket, serveSockets } from "./by-hand/stream.mjs";

const END = Buffer.alloc(2);

/**
 * Returns a handler of chunks that calls `received` with the value of each box. All boxes have `boxLength` bytes, and the
 * value begins after `head` bytes.
 */
function values(boxLength, head, received) {
  let value = Buffer.allocUnsafeSlow(boxLength - head - END.length);
  let at = 0;
  return (chunk) => {
    let from = 0;
    while (from < chunk.length) {
      const taken = Math.min(chunk.length - from, boxLength - at);
      // The bytes of the box before and after the value are not copied.
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

/** Returns the bytes of a box before its value. */
function headOf(fields, bytes) {
  return boxBytes({ ...fields, data: Buffer.alloc(bytes) }).subarray(0, -bytes - END.length);
}

const heads = ({ bytes }) => ({
  ask: headOf({ _ask: TAG, _command: "Echo" }, bytes),
  answer: headOf({ _answer: TAG }, bytes),
});

/** Returns a function that sends a value without a copy, with one write a turn. */
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
  const pending = [];
  socket.on(
    "data",
    values(boxLength(answer, work), answer.length, (value) => pending.shift()(value)),
  );
  const send = sender(socket, ask);
  const data = Buffer.alloc(work.bytes, 0x61);
  const executor = (resolve) => pending.push(resolve);
  return {
    call: () => {
      send(data);
      return new Promise(executor);
    },
    close: () => closeSocket(socket),
  };
}
