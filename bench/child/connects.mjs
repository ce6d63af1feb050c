/** Client program: opens a connection, starts TLS, makes one call and closes the connection; several at once. */
import { performance } from "node:perf_hooks";

export function openConnects(peer, setup) {
  const { work } = setup;
  return {
    async sample({ ms }) {
      const run = { running: true, calls: 0 };
      const cpu = process.cpuUsage();
      const begun = performance.now();
      setTimeout(() => {
        run.running = false;
      }, ms);
      const worker = async () => {
        while (run.running) {
          const client = await peer.open(setup);
          await client.call();
          run.calls++;
          await client.close();
        }
      };
      await Promise.all(Array.from({ length: work.inFlight }, worker));
      const seconds = (performance.now() - begun) / 1000;
      const { user, system } = process.cpuUsage(cpu);
      return { calls: run.calls, seconds, cpu: user + system };
    },
  };
}
