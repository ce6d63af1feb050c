/**
 * The program of a child process on Node: the server or the client of one peer, controlled by the harness (see
 * `control.mjs`). Its argument is JSON with the peer, the role and the workload.
 */
import cluster from "node:cluster";
import { openCalls } from "./calls.mjs";
import { serveInCluster, serveInWorker } from "./cluster.mjs";
import { openConnects } from "./connects.mjs";
import { answerRequests, say } from "./control.mjs";
import { openIdle } from "./idle.mjs";
import { memory, usage } from "./usage.mjs";

const setup = JSON.parse(process.argv[2]);
const peer = await import(setup.file);

const programs = { calls: openCalls, connects: openConnects, idle: openIdle };

if (cluster.isWorker) {
  await serveInWorker(peer, setup);
} else if (setup.role === "client") {
  say({});
  answerRequests(programs[setup.work.program](peer, setup));
} else if (setup.options.processes > 1) {
  await serveInCluster(setup.options.processes);
} else {
  const { port } = await peer.serve(setup);
  say({ port });
  answerRequests({ usage, memory });
}
