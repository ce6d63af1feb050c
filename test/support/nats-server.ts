/**
 * NATS servers: Debian's `nats-server`, started on loopback with ports that the system chooses. Importing this file ensures
 * that no server outlives the test file.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { type ConnectionOptions, connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll } from "vitest";
import { describeWith, type Need } from "./needs.ts";
import { within } from "./within.ts";

/** Path of the program. */
export const natsServer =
  process.env.AMPWIRE_NATS_SERVER ||
  (existsSync("/usr/sbin/nats-server") ? "/usr/sbin/nats-server" : "nats-server");

const NATS_SERVER: Need = {
  what: "nats-server",
  there: () => spawnSync(natsServer, ["--version"]).status === 0,
  missing: "nats-server is not in PATH. Debian has it as nats-server; AMPWIRE_NATS_SERVER names another one",
};

/** Runs the tests if nats-server is installed. */
export function describeWithNats(name: string, tests: () => void): void {
  describeWith([NATS_SERVER], name, tests);
}

const running = new Set<NatsServer>();
const open = new Set<NatsConnection>();

afterAll(async () => {
  await Promise.all([...open].map((connection) => connection.close()));
  await Promise.all([...running].map((server) => server.kill()));
});

export class NatsServer {
  readonly port: number;
  /** Port for other servers of the cluster; undefined without a cluster. */
  readonly clusterPort: number | undefined;
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;
  readonly #args: readonly string[];

  private constructor(
    child: ChildProcess,
    port: number,
    clusterPort: number | undefined,
    args: readonly string[],
  ) {
    this.#child = child;
    this.port = port;
    this.clusterPort = clusterPort;
    this.#args = args;
    this.#gone = once(child, "close");
    running.add(this);
  }

  /** Starts a server. @param args further arguments, for example `-c FILE` */
  static start(...args: string[]): Promise<NatsServer> {
    return NatsServer.#start("-1", args);
  }

  /** Starts two servers that form a cluster. */
  static async startCluster(): Promise<[NatsServer, NatsServer]> {
    const cluster = ["--cluster_name", "test", "--cluster", "nats://127.0.0.1:-1"];
    const first = await NatsServer.start(...cluster);
    const second = await NatsServer.start(...cluster, "--routes", `nats://127.0.0.1:${first.clusterPort}`);
    return [first, second];
  }

  static async #start(port: string, args: readonly string[]): Promise<NatsServer> {
    const child = spawn(natsServer, ["-a", "127.0.0.1", "-p", port, ...args], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const { stderr } = child;
    let client: number | undefined;
    let route: number | undefined;
    const wantsRoute = args.includes("--cluster");
    const isLinked = () => !args.includes("--routes") || log.includes("Route connection created");
    let log = "";
    const ready = new Promise<void>((resolve, reject) => {
      createInterface({ input: stderr })
        .on("line", (line) => {
          log += `${line}\n`;
          client = Number(/client connections on [\d.]+:(\d+)/.exec(line)?.[1] ?? client);
          route = Number(/route connections on [\d.]+:(\d+)/.exec(line)?.[1] ?? route);
          if (log.includes("Server is ready") && client !== undefined && (!wantsRoute || route) && isLinked())
            resolve();
        })
        .on("close", () => reject(new Error(`nats-server has ended: ${log}`)));
    });
    await within(ready, () => `nats-server to be ready: ${log}`);
    return new NatsServer(child, client ?? 0, wantsRoute ? route : undefined, args);
  }

  /** Starts a server with the same arguments on the same port. */
  restart(): Promise<NatsServer> {
    return NatsServer.#start(String(this.port), this.#args);
  }

  async kill(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    running.delete(this);
    this.#child.kill("SIGCONT");
    this.#child.kill(signal);
    await this.#gone;
  }

  /** Lets the server read its configuration file again. */
  reload(): void {
    this.#child.kill("SIGHUP");
  }

  /** Stops the process: no socket breaks. */
  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
  }
}

/** Connects to the servers. The connection is closed at the end of the test file. */
export async function connectNats(
  servers: NatsServer | readonly NatsServer[],
  options: ConnectionOptions = {},
): Promise<NatsConnection> {
  const list = [servers].flat().map(({ port }) => `127.0.0.1:${port}`);
  const connection = await connect({
    servers: list,
    noRandomize: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 20,
    reconnectJitter: 0,
    ...options,
  });
  open.add(connection);
  void connection.closed().then(() => open.delete(connection));
  return connection;
}
