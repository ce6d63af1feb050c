/** Starts a NATS server, three workers, two edges and two clients, and restarts workers and edges while the clients count calls. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { connect, reconnecting } from "ampwire/node";
import { Sum } from "./commands.mjs";

const ROUNDS = 2;
const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const python = process.env.AMPWIRE_PYTHON || "/usr/bin/python3";

/** Starts a program, and resolves when it has printed a line that matches. */
async function start(command, args, pattern, stream = "stdout") {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  const ended = once(child, "close");
  const failed = once(child, "error").then(([error]) => {
    throw error;
  });
  failed.catch(() => {});
  const ready = (async () => {
    for await (const line of createInterface({ input: child[stream] })) {
      const match = pattern.exec(line);
      if (match !== null) return match[1];
    }
    throw new Error(`${command} ${args.join(" ")} has ended`);
  })();
  const found = await Promise.race([ready, failed]);
  child.stdout.resume();
  child.stderr.resume();
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
  };
  return { child, found, ended, stop };
}

async function startNats() {
  const args = ["-a", "127.0.0.1", "-p", "-1"];
  for (const program of ["nats-server", "/usr/sbin/nats-server"]) {
    try {
      return await start(program, args, /client connections on [\d.]+:(\d+)/, "stderr");
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
  }
  console.error(
    "nats-server is not installed: run apt install nats-server, or get it from https://nats.io/download",
  );
  process.exit(1);
}

const nats = await startNats();
const servers = `127.0.0.1:${nats.found}`;
const startWorker = () => start(process.execPath, [here("worker.mjs"), servers], /ready/);
const startEdge = (port) => start(process.execPath, [here("edge.mjs"), servers, String(port)], /port (\d+)/);

const workers = await Promise.all([startWorker(), startWorker(), startWorker()]);
const edges = await Promise.all([startEdge(0), startEdge(0)]);
const ports = edges.map(({ found }) => Number(found));

// A Twisted client, if Twisted is installed.
const twisted = spawn(python, [here("client.py"), ...ports.map(String)], {
  stdio: ["pipe", "pipe", "ignore"],
});
const twistedLines = [];
createInterface({ input: twisted.stdout }).on("line", (line) => twistedLines.push(line));
const twistedEnded = Promise.race([once(twisted, "close"), once(twisted, "error")]);
twisted.stdin.on("error", () => {}); // Twisted is not installed

// An ampwire client, which connects to the edges in turn.
let attempts = 0;
const client = reconnecting({
  open: () => connect({ host: "127.0.0.1", port: ports[attempts++ % ports.length] }),
  backoff: { initial: 10, max: 200 },
});
let answered = 0;
let failed = 0;
let stopped = false;
const served = new Set();
const counting = Array.from({ length: 8 }, async (_, lane) => {
  while (!stopped) {
    try {
      const { total, worker } = await client.callRemote(Sum, { a: answered, b: lane });
      if (total < lane) throw new Error("a wrong sum");
      served.add(worker);
      answered++;
    } catch {
      failed++;
    }
  }
});

for (let round = 0; round < ROUNDS; round++) {
  const next = await startWorker();
  await workers.shift().stop();
  workers.push(next);
  const index = round % edges.length;
  await edges[index].stop();
  edges[index] = await startEdge(ports[index]);
}

stopped = true;
await Promise.all(counting);
twisted.stdin.end();
await twistedEnded;
console.log(`${answered > 100 ? "many" : answered} calls were answered, ${failed} failed`);
console.log(`${served.size} workers have answered, ${ROUNDS} workers and ${ROUNDS} edges were replaced`);
for (const line of twistedLines) console.log(line);
await client.close();
await Promise.all([...workers, ...edges, nats].map((program) => program.stop()));
