/** Debian's HAProxy in front of servers of a test. It is ended after the test. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { socketInternals } from "../../src/node/node-internals.ts";
import { describeWith, type Need } from "./needs.ts";

export const haproxy = process.env.AMPWIRE_HAPROXY || "/usr/sbin/haproxy";

const HAPROXY: Need = {
  what: "HAProxy",
  there: () => spawnSync(haproxy, ["-v"]).status === 0,
  missing: `cannot run ${haproxy}. On Debian, run apt-get install haproxy; AMPWIRE_HAPROXY names another HAProxy`,
};

/** Runs the tests if HAProxy is installed. */
export function describeWithHAProxy(name: string, tests: () => void): void {
  describeWith([HAPROXY], name, tests);
}

export interface Balancer {
  /** Port of the frontend. */
  readonly port: number;
  /** Runs a command on the administration socket, for example `show servers state`. Returns its output. */
  admin(command: string): Promise<string>;
  /** Resolves when HAProxy regards the server as up or down. */
  reaches(server: string, state: "UP" | "DOWN"): Promise<void>;
}

/**
 * Starts HAProxy in TCP mode.
 * @param backend lines of the backend: servers and their checks
 * @param bind options of the frontend's `bind`, for example `ssl crt FILE`
 */
export function haproxyFor(backend: readonly string[], bind = ""): Promise<Balancer> {
  return haproxyWith(`
defaults
  mode tcp
  timeout connect 5s
  timeout client 1m
  timeout server 1m
  timeout check 1s
frontend clients
  bind fd@3 ${bind}
  default_backend servers
backend servers
${backend.map((line) => `  ${line}`).join("\n")}
`);
}

/** Starts HAProxy with a configuration without the section `global`, and with a frontend that binds to `fd@3`. */
export async function haproxyWith(config: string): Promise<Balancer> {
  const folder = mkdtempSync(join(tmpdir(), "ampwire-haproxy-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const admin = join(folder, "admin");
  const file = join(folder, "haproxy.cfg");
  // HAProxy inherits a listening socket, so that the system chooses the port and no client can come too early.
  const socket = createServer();
  socket.listen(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address() as AddressInfo; // a TCP server has an AddressInfo
  const { fd } = socketInternals(socket as never)._handle ?? {}; // a server has a handle with a descriptor, as a socket has
  writeFileSync(
    file,
    `global
  stats socket ${admin} level admin
${config}`,
  );
  const child = spawn(haproxy, ["-db", "-f", file], { stdio: ["ignore", "ignore", "pipe", fd as number] });
  socket.close();
  const exited = once(child, "exit");
  const complaints = child.stderr === null ? undefined : text(child.stderr);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const ask = async (command: string) => {
    const client = connect(admin);
    client.end(`${command}\n`);
    return text(client);
  };
  // The socket for the administration exists once HAProxy has started.
  const started = (async () => {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`HAProxy did not start: ${await complaints}`);
      const answer = await ask("show version").catch(() => undefined);
      if (answer !== undefined) return;
      await new Promise(setImmediate);
    }
  })();
  await started;
  return {
    port,
    admin: ask,
    async reaches(server, state) {
      for (;;) {
        const rows = (await ask("show stat")).split("\n").map((row) => row.split(","));
        const row = rows.find(([, name]) => name === server);
        if (row?.some((cell) => cell === state)) return;
      }
    },
  };
}
