/**
 * A server of several processes: `many-processes.mjs HOW COUNT CERTIFICATE`. Prints the port when all processes listen. A line
 * `replace` on standard input replaces the processes one after another, and then `replaced` is printed.
 *
 * HOW: `cluster-rr` and `cluster-none` are the scheduling policies of node:cluster, `sockets` passes accepted sockets to the
 * processes, `fd` lets them inherit a listening socket, and `reuse-port` lets each listen at the port.
 */
import { type ChildProcess, fork } from "node:child_process";
import cluster from "node:cluster";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { command, integer, locator } from "ampwire";
import { attach, listen, type NodeConnection, PrivateCertificate } from "ampwire/node";

const [, program = "", how = "", count = "", certificate = "", given = "0"] = process.argv;

/** Serves in this process. */
async function serve(): Promise<void> {
  const tls = { localCertificate: PrivateCertificate.loadPEM(readFileSync(certificate, "utf8")) };
  const response = { pid: integer() };
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const options = {
    tls,
    requireTLS: true,
    locator: locator(
      command("Process", { response }).responder(() => ({ pid: process.pid })),
      command("Hold", { response }).responder(async () => {
        await released;
        return { pid: process.pid };
      }),
      command("Release").responder(() => release()),
    ),
  };
  if (how === "sockets") {
    const connections = new Set<NodeConnection>();
    process.on("message", (message, socket) => {
      if (message === "stop")
        void Promise.all([...connections].map((one) => one.close())).then(() => process.exit());
      if (message !== "socket" || socket === undefined) return;
      const connection = attach(socket as Socket, { role: "server", ...options });
      connections.add(connection);
      void connection.closed.then(() => connections.delete(connection));
    });
  } else {
    const address =
      how === "fd" ? { fd: 3 } : { host: "127.0.0.1", port: Number(given), reusePort: how === "reuse-port" };
    const server = await listen({ ...address, ...options });
    process.on("message", (message) => {
      if (message === "stop") void server.close().then(() => process.exit());
    });
    process.send?.({ port: server.address().port });
    return;
  }
  process.send?.({ port: 0 });
}

/** Starts the processes, and replaces them. */
async function supervise(): Promise<void> {
  cluster.schedulingPolicy = how === "cluster-none" ? cluster.SCHED_NONE : cluster.SCHED_RR;
  const children: ChildProcess[] = [];
  let port = 0;
  let turn = 0;
  if (how === "sockets") {
    const listener = createServer({ pauseOnConnect: true }, (socket) => {
      children[turn++ % children.length]?.send("socket", socket);
    });
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    port = (listener.address() as AddressInfo).port; // a TCP server has an AddressInfo
  }
  const bound = how === "fd" ? boundSocket() : undefined;
  port ||= bound?.port ?? 0;
  const start = async (): Promise<ChildProcess> => {
    const child = how.startsWith("cluster")
      ? cluster.fork({ MANY_PROCESSES: "1" }).process
      : fork(program, [how, count, certificate, String(port)], {
          env: { ...process.env, MANY_PROCESSES: "1" },
          stdio: ["ignore", "inherit", "inherit", ...(bound === undefined ? [] : [bound.fd]), "ipc"],
        });
    for (;;) {
      const [message] = await once(child, "message"); // node:cluster has messages of its own
      if (typeof message?.port !== "number") continue;
      port ||= message.port;
      return child;
    }
  };
  for (let i = 0; i < Number(count); i++) children.push(await start());
  console.log(`listening on ${port}`);
  for await (const line of createInterface({ input: process.stdin })) {
    if (line !== "replace") continue;
    for (const old of [...children]) {
      const child = await start();
      children.splice(children.indexOf(old), 1, child);
      const exited = once(old, "exit");
      old.send("stop");
      await exited;
    }
    console.log("replaced");
  }
  process.exit(); // the children end with the channel
}

/** Returns a socket for the processes, as systemd does. This process keeps it open and accepts nothing. */
function boundSocket(): { readonly fd: number; readonly port: number } {
  // A server of node:net would accept connections.
  const { TCP, constants } = Reflect.get(process, "binding").call(process, "tcp_wrap");
  const handle = new TCP(constants.SERVER);
  handle.bind("127.0.0.1", 0);
  const name: { port?: number } = {};
  handle.getsockname(name);
  return { fd: handle.fd, port: name.port ?? 0 };
}

if (process.env.MANY_PROCESSES === "1") {
  process.on("disconnect", () => process.exit());
  await serve();
} else {
  await supervise();
}
