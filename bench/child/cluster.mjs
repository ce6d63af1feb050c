/** A server in several processes, with `node:cluster`: the primary process speaks with the harness for its workers. */
import cluster from "node:cluster";
import { once } from "node:events";
import { answerRequests, say } from "./control.mjs";
import { usage } from "./usage.mjs";

/** Serves in a worker process. Workers that listen on port 0 share one port. */
export async function serveInWorker(peer, setup) {
  const { port } = await peer.serve(setup);
  process.on("message", () => process.send(usage()));
  process.send({ port });
}

/** Starts the workers, which run this same program, and answers the requests of the harness. */
export async function serveInCluster(processes) {
  const workers = Array.from({ length: processes }, () => cluster.fork());
  const [{ port }] = await Promise.all(workers.map(nextMessage));
  say({ port });
  answerRequests({
    async usage() {
      const answers = workers.map(nextMessage);
      for (const worker of workers) worker.send("usage");
      return [usage(), ...(await Promise.all(answers))].reduce(sum);
    },
  });
}

async function nextMessage(worker) {
  const [message] = await once(worker, "message");
  return message;
}

function sum(one, other) {
  return { user: one.user + other.user, system: one.system + other.system };
}
