import { command, integer } from "ampwire";

/** Thrown for the number of a job that was never submitted. */
export class NoSuchJob extends Error {}

/** Starts a job that counts the primes below a limit, and returns the number of the job. */
export const Submit = command("Submit", {
  arguments: { limit: integer() },
  response: { job: integer() },
});

/** Returns the result of a job when the job has finished. */
export const Result = command("Result", {
  arguments: { job: integer() },
  response: { primes: integer() },
  errors: { NO_SUCH_JOB: NoSuchJob },
  idempotent: true, // may be sent again after a lost connection
});

/** The server calls the client that submitted a job. */
export const Progress = command("Progress", {
  arguments: { job: integer(), percent: integer() },
  requiresAnswer: false,
});
