/** Workers of node:cluster at a UNIX socket: `cluster-path.mjs PATH COUNT POLICY`. Each line is what one worker has to report. */
import cluster from "node:cluster";
import { command, integer, locator } from "ampwire";
import { listen } from "ampwire/node";

const [, , path = "", count = "", policy = ""] = process.argv;

if (cluster.isPrimary) {
  cluster.schedulingPolicy = policy === "none" ? cluster.SCHED_NONE : cluster.SCHED_RR;
  for (let i = 0; i < Number(count); i++)
    cluster.fork().on("message", (report: unknown) => console.log(String(report)));
} else {
  const pid = command("Process", { response: { pid: integer() } });
  const served = locator(pid.responder(() => ({ pid: process.pid })));
  listen({ path, locator: served }).then(
    () => process.send?.("listening"),
    (error: Error) => process.send?.(error.message),
  );
}
