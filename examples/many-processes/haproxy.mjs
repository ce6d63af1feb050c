/** HAProxy in front of the processes. It passes bytes on: TLS is between the clients and the servers. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * A check is an AMP ask for an unknown command, which every AMP program answers. `redispatch` tries another process if the
 * chosen one does not accept, which is the case while it is replaced.
 */
const configuration = (port, ports) => `
global
  log stderr format raw local0 warning
defaults
  mode tcp
  timeout connect 1s
  timeout client 1h
  timeout server 1h
  retries 10
  option redispatch 1
frontend amp
  bind 127.0.0.1:${port}
  default_backend processes
backend processes
  balance leastconn
${ports.map((each, index) => `  server process${index} 127.0.0.1:${each}`).join("\n")}
`;

/** Debian installs HAProxy in a folder that is not in the PATH of every user. */
const PROGRAMS = [process.env.AMPWIRE_HAPROXY || "haproxy", "/usr/sbin/haproxy"];
const program = PROGRAMS.find((name) => spawnSync(name, ["-v"], { stdio: "ignore" }).status === 0);

/** Returns true if HAProxy is installed. */
export function hasHAProxy() {
  return program !== undefined;
}

/** Starts HAProxy. Returns its port, and a function that stops it. */
export async function startHAProxy(ports, folder) {
  const port = await freePort();
  const file = join(folder, "haproxy.cfg");
  writeFileSync(file, configuration(port, ports));
  const child = spawn(program, ["-db", "-q", "-f", file], { stdio: ["ignore", "inherit", "inherit"] });
  const exited = once(child, "exit");
  await accepts(port, child);
  return {
    port,
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Waits until a port accepts connections. */
async function accepts(port, child) {
  while (child.exitCode === null) {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return;
    } catch {
      await sleep(20);
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`haproxy exited with ${child.exitCode}`);
}
