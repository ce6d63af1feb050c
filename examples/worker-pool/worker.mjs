/** A worker: AMP on file descriptors 3 and 4, so that standard output stays free for logs. */
import { locator } from "ampwire";
import { attachFileDescriptors } from "ampwire/node";
import { CountPrimes, Crash } from "./commands.mjs";

attachFileDescriptors(
  { readable: 3, writable: 4 },
  {
    locator: locator(
      CountPrimes.responder(({ from, to }) => {
        let count = 0;
        for (let n = from; n < to; n++) if (isPrime(n)) count++;
        return { count, worker: process.pid };
      }),
      Crash.responder(() => process.kill(process.pid, "SIGKILL")),
    ),
  },
);

function isPrime(n) {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return n > 1;
}
