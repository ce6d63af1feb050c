/** Server and client of one peer, each in a process of its own. */
import { startChild } from "./child.mjs";
import { startRelay } from "./relay.mjs";

/** Calls whose bytes are counted. */
const COUNTED = 100;

/** @param setup `peer`, `work`, `tls` where the work is secure, `cores`: of server and client, where pinned */
export async function startPair({ peer, work, tls, cores }) {
  const about = { peer, work, tls: work.secure ? tls : undefined };
  const server = startChild({ ...about, role: "server", core: cores?.server });
  const { port } = await server.heard();
  const client = startChild({ ...about, role: "client", port, core: cores?.client });
  await client.heard();
  return new Pair(peer, server, client, port);
}

class Pair {
  #server;
  #client;
  #port;

  constructor(peer, server, client, port) {
    this.peer = peer;
    this.#server = server;
    this.#client = client;
    this.#port = port;
  }

  /** Calls for so many milliseconds; what came of it, per second and per call. */
  async sample(ms) {
    const before = await this.#server.ask({ do: "usage" });
    const { calls, seconds, cpu, ...latencies } = await this.#client.ask({ do: "sample", ms });
    const after = await this.#server.ask({ do: "usage" });
    const server = after.user + after.system - before.user - before.system;
    return { calls, rate: calls / seconds, clientCpu: cpu / calls, serverCpu: server / calls, ...latencies };
  }

  /** Bytes that one call moves, both directions together, TLS records included. */
  async bytesPerCall() {
    const relay = await startRelay(this.#port);
    await this.#client.ask({ do: "count", port: relay.port, calls: 1 });
    const once = relay.takeCount();
    await this.#client.ask({ do: "count", port: relay.port, calls: 1 + COUNTED });
    const more = relay.takeCount();
    relay.close();
    return (more - once) / COUNTED;
  }

  /** Server memory of one idle connection, in bytes. */
  async idleMemory(connections) {
    const before = await this.#server.ask({ do: "memory" });
    await this.#client.ask({ do: "open", connections });
    const after = await this.#server.ask({ do: "memory" });
    await this.#client.ask({ do: "shut" });
    return {
      held: (after.held - before.held) / connections,
      resident: (after.resident - before.resident) / connections,
    };
  }

  async end() {
    await this.#client.end();
    await this.#server.end();
  }
}
