/** Adapters of Node's channels for `MessageTransport`. */
import type { ChildProcess } from "node:child_process";
import type { MessagePort, Worker } from "node:worker_threads";
import { Connection, type ConnectionOptions, type MessageChannelLike, MessageTransport } from "ampwire";
import { systemClock } from "../../src/node/clock.ts";

/** A port of a `MessageChannel`, or `parentPort` in a worker. */
export function portChannel(port: MessagePort): MessageChannelLike {
  return {
    listen({ message, closed }) {
      port.on("message", message);
      port.on("close", closed);
    },
    send: (message) => port.postMessage(message, [message.buffer]),
    close: () => port.close(),
  };
}

/** A worker, from the thread that started it. The worker exits when it closes its `parentPort`. */
export function workerChannel(worker: Worker): MessageChannelLike {
  return {
    listen({ message, closed }) {
      worker.on("message", message);
      worker.on("error", closed);
      worker.on("exit", () => closed());
    },
    send: (message) => worker.postMessage(message, [message.buffer]),
    close() {},
  };
}

/** A child process with an IPC channel, or `process` in the child. Needs `serialization: "advanced"`. */
export function ipcChannel(end: ChildProcess | NodeJS.Process): MessageChannelLike {
  let sending = 0;
  let closing = false;
  const closeWhenSent = () => {
    if (closing && sending === 0 && end.connected) end.disconnect?.();
  };
  return {
    listen({ message, closed }) {
      end.on("message", message);
      end.on("disconnect", () => closed());
    },
    send(message) {
      sending++;
      end.send?.(message, undefined, undefined, () => {
        sending--;
        closeWhenSent();
      });
    },
    close() {
      closing = true; // disconnect() drops what has not been written
      closeWhenSent();
    },
  };
}

export function connectionOver(channel: MessageChannelLike, options: ConnectionOptions = {}): Connection {
  return new Connection(new MessageTransport(channel), systemClock, options);
}
