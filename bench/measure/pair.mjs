/** The server and the clients of one peer, each in its own process. */
import { startChild } from "./child.mjs";
import { startRelay } from "./relay.mjs";

/** Number of calls whose bytes are counted. */
const COUNTED = 100;

/** @param setup `peer`, `work`, `tls` (used if the work is secure), `cores` of server and client (optional) */
export async function startPair({ peer, work, tls, cores }) {
  const about = { peer, work, tls: work.secure ? tls : undefined };
  const server = startChild({ ...about, role: "server", core: cores?.server });
  const { port } = await server.nextLine();
  const clients = Array.from({ length: work.clients ?? 1 }, () =>
    startChild({ ...about, role: "client", port, core: cores?.client }),
  );
  await Promise.all(clients.map((client) => client.nextLine()));
  return new Pair(peer, server, clients, port);
}

class Pair {
  #server;
  #clients;
  #port;

  constructor(peer, server, clients, port) {
    this.peer = peer;
    this.#server = server;
    this.#clients = clients;
    this.#port = port;
  }

  /** Lets the clients call for `ms` milliseconds. Resolves with rates per second and CPU in microseconds per call. */
  async sample(ms) {
    const before = await this.#server.ask({ do: "usage" });
    const samples = await Promise.all(this.#clients.map((client) => client.ask({ do: "sample", ms })));
    const after = await this.#server.ask({ do: "usage" });
    const total = (figure) => samples.reduce((sum, sample) => sum + figure(sample), 0);
    const calls = total((sample) => sample.calls);
    const [{ p50, p99 }] = samples;
    return {
      calls,
      rate: total((sample) => sample.calls / sample.seconds),
      clientCpu: total(({ cpu }) => cpu) / calls,
      serverCpu: (after.user + after.system - before.user - before.system) / calls,
      ...(p50 === undefined ? {} : { p50, p99 }),
    };
  }

  /** Resolves with the bytes of one call, in both directions together, TLS records included. */
  async bytesPerCall() {
    const [client] = this.#clients;
    const relay = await startRelay(this.#port);
    await client.ask({ do: "count", port: relay.port, calls: 1 });
    const once = relay.takeCount();
    await client.ask({ do: "count", port: relay.port, calls: 1 + COUNTED });
    const more = relay.takeCount();
    relay.close();
    return (more - once) / COUNTED;
  }

  /** Resolves with the server's memory for one idle connection, in bytes. */
  async idleMemory(connections) {
    const [client] = this.#clients;
    const before = await this.#server.ask({ do: "memory" });
    await client.ask({ do: "open", connections });
    const after = await this.#server.ask({ do: "memory" });
    await client.ask({ do: "shut" });
    return {
      held: (after.held - before.held) / connections,
      resident: (after.resident - before.resident) / connections,
    };
  }

  async end() {
    await Promise.all(this.#clients.map((client) => client.end()));
    await this.#server.end();
  }
}
