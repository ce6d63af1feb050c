/**
 * A proxy between a client and a server that a test can inspect: it records the bytes of each direction, and can cut
 * the connection after a number of bytes.
 */
import type { Socket } from "node:net";
import { rawClient, rawServer } from "./loopback.ts";
import type { Segment } from "./pcap.ts";

/** Direction of the bytes. */
export type Way = Segment["way"];

export interface Cut {
  readonly way: Way;
  /** Number of bytes that pass before the cut. */
  readonly after: number;
  /** FIN or RST. */
  readonly how: "FIN" | "RST";
}

export interface Wire {
  /** Port that the client connects to. */
  readonly port: number;
  readonly toServer: Buffer;
  readonly toClient: Buffer;
  /** The bytes of both directions in the order of their arrival. */
  readonly segments: readonly Segment[];
}

/** Starts a proxy for one connection to the server at `port`. */
export async function wireTo(port: number, cut?: Cut): Promise<Wire> {
  const listener = await rawServer();
  const segments: Segment[] = [];
  const seen = (way: Way) =>
    Buffer.concat(segments.filter((one) => one.way === way).map(({ bytes }) => bytes));
  void listener.next().then(async (client) => {
    client.pause();
    const server = await rawClient(port);
    const sever = () => {
      for (const socket of [client, server]) {
        socket.removeAllListeners("data");
        socket.resume();
        if (cut?.how === "RST") socket.resetAndDestroy();
        else socket.end();
      }
    };
    const bound = (way: Way) => (cut?.way === way ? cut.after : undefined);
    const record = (way: Way) => (bytes: Buffer) => void segments.push({ way, bytes });
    forward(client, server, record("toServer"), bound("toServer"), sever);
    forward(server, client, record("toClient"), bound("toClient"), sever);
    client.resume();
  });
  return {
    port: listener.port,
    get toServer() {
      return seen("toServer");
    },
    get toClient() {
      return seen("toClient");
    },
    segments,
  };
}

function forward(
  from: Socket,
  to: Socket,
  record: (bytes: Buffer) => void,
  bound: number | undefined,
  sever: () => void,
): void {
  let left = bound ?? Number.POSITIVE_INFINITY;
  from.setNoDelay(true);
  from.on("error", () => to.destroy());
  from.once("close", () => to.destroy());
  from.on("data", (chunk: Buffer) => {
    const passed = chunk.subarray(0, left);
    left -= passed.length;
    record(passed);
    if (passed.length > 0) to.write(passed);
    if (left === 0) sever();
  });
}
