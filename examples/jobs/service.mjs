import { locator } from "ampwire";
import { NoSuchJob, Progress, Result, Submit } from "./commands.mjs";
import { countPrimes } from "./primes.mjs";

/** Returns the responders of a new service, which has no jobs. */
export function jobService() {
  const jobs = new Map();
  return locator(
    Submit.responder(({ limit }, { connection }) => {
      const job = jobs.size + 1;
      const report = (percent) => {
        // The client may have gone. Its job goes on.
        if (connection.acceptsCalls) connection.callRemote(Progress, { job, percent });
      };
      jobs.set(job, countPrimes(limit, report));
      return { job };
    }),
    Result.responder(async ({ job }) => {
      const running = jobs.get(job);
      if (running === undefined) throw new NoSuchJob(`there is no job ${job}`);
      return { primes: await running };
    }),
  );
}
