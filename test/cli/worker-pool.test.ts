/** The workers of `ampwire serve --workers`, without processes: starts, crashes, rolling replacement and their limits. */
import { flushPending, manualClock } from "ampwire/testing";
import { expect, onTestFinished, test } from "vitest";
import { StartFailed, WorkerPool, type WorkerProcess } from "../../src/cli/serve/pool.ts";
import { Backoff } from "../../src/core/reconnecting/backoff.ts";
import { deferred } from "../support/deferred.ts";
import { rejection } from "../support/settled.ts";

const AT = "tcp://127.0.0.1:1234";

/** A worker that does what the test says. */
class FakeWorker implements WorkerProcess {
  readonly name: string;
  readonly #ready = deferred<string | StartFailed>();
  readonly #ended = deferred<string>();
  readonly ready = this.#ready.promise.then((result) => {
    if (result instanceof StartFailed) throw result;
    return result;
  });
  readonly ended = this.#ended.promise;
  asked: string[] = [];

  constructor(number: number) {
    this.name = `worker ${number}`;
    this.ready.catch(() => {});
  }

  listen(address = AT): void {
    this.#ready.resolve(address);
  }

  end(reason = "exit code 0", code = 1): void {
    this.#ready.resolve(new StartFailed(`${this.name} has ended before it was listening (${reason})`, code));
    this.#ended.resolve(reason);
  }

  stop(): void {
    this.asked.push("stop");
  }

  kill(): void {
    this.asked.push("kill");
    this.end("signal SIGKILL");
  }
}

function pool(count: number) {
  const clock = manualClock();
  const workers: FakeWorker[] = [];
  const notes: string[] = [];
  const addresses: string[] = [];
  const made = new WorkerPool({
    count,
    start() {
      const worker = new FakeWorker(workers.length);
      workers.push(worker);
      return worker;
    },
    clock,
    startTimeout: 60_000,
    stopTimeout: 10_000,
    note: (text) => void notes.push(text),
    listening: (address) => void addresses.push(address),
    backoff: new Backoff({ jitter: () => 1 }),
  });
  onTestFinished(() => expect(clock.pending).toBe(0));
  const worker = (number: number) => workers[number] as FakeWorker;
  /** Starts the pool with all its workers. */
  const start = async () => {
    const started = made.start();
    for (let i = 0; i < count; i++) {
      worker(i).listen();
      await flushPending();
    }
    await started;
  };
  /** Ends the workers that were asked to stop. */
  const stop = async () => {
    const stopped = made.stop();
    for (const one of workers) one.end();
    await stopped;
  };
  return { pool: made, clock, workers, worker, notes, addresses, start, stop };
}

test("the first worker starts alone, then the others; the address is printed when all listen", async () => {
  const { pool: made, workers, worker, addresses, stop } = pool(3);
  const started = made.start();
  await flushPending();
  expect(workers).toHaveLength(1);
  worker(0).listen();
  await flushPending();
  expect(workers).toHaveLength(3);
  worker(1).listen();
  await flushPending();
  expect(addresses).toEqual([]);
  worker(2).listen();
  await started;
  expect(addresses).toEqual([AT]);
  await stop();
});

test("a first worker that does not start fails the start with its exit code, and no other worker starts", async () => {
  const { pool: made, workers, worker } = pool(3);
  const started = made.start();
  worker(0).end("exit code 2", 2);
  expect(await rejection(started)).toMatchObject({ exitCode: 2 });
  expect(workers).toHaveLength(1);
});

test("no further worker starts if the first one listens after the stop", async () => {
  const { pool: made, workers, worker, addresses } = pool(3);
  const started = made.start();
  const stopped = made.stop();
  worker(0).listen();
  await flushPending();
  worker(0).end();
  await Promise.all([started, stopped]);
  expect([workers.length, addresses]).toEqual([1, []]);
});

test("a later worker that does not start stops the others", async () => {
  const { pool: made, worker } = pool(2);
  const started = made.start();
  worker(0).listen();
  await flushPending();
  worker(1).end();
  await flushPending();
  expect(worker(0).asked).toEqual(["stop"]);
  worker(0).end();
  await rejection(started);
});

test("a crashed worker is replaced, and the waits grow while it crashes again", async () => {
  const { clock, workers, worker, notes, start, stop } = pool(2);
  await start();
  for (const [i, wait] of [100, 200, 400, 800].entries()) {
    worker(workers.length - 1).end("signal SIGSEGV");
    await flushPending();
    expect(notes.at(-1)).toBe(
      `worker ${i + 1} has ended (signal SIGSEGV); a new worker starts in ${wait} ms`,
    );
    clock.advance(wait - 1);
    expect(workers).toHaveLength(i + 2);
    clock.advance(1);
    expect(workers).toHaveLength(i + 3);
    worker(workers.length - 1).listen();
    await flushPending();
  }
  clock.advance(30_000);
  worker(workers.length - 1).end("exit code 1");
  await flushPending();
  expect(notes.at(-1)).toContain("a new worker starts in 100 ms");
  await stop();
});

test("a new worker that does not start is tried again after a longer wait", async () => {
  const { clock, workers, worker, notes, start, stop } = pool(1);
  await start();
  worker(0).end();
  await flushPending();
  clock.advance(100);
  worker(1).end("exit code 1");
  await flushPending();
  expect(notes.at(-1)).toBe(
    "worker 1 has ended before it was listening (exit code 1); a new worker starts in 200 ms",
  );
  clock.advance(200);
  expect(workers).toHaveLength(3);
  await stop();
});

test("a restart replaces the workers one after another: each new one listens before the old one stops", async () => {
  const { pool: made, workers, worker, notes, start, stop } = pool(2);
  await start();
  const restarted = made.restart();
  await flushPending();
  expect(workers).toHaveLength(3);
  expect([worker(0).asked, worker(1).asked]).toEqual([[], []]);
  worker(2).listen();
  await flushPending();
  expect([worker(0).asked, worker(1).asked]).toEqual([["stop"], []]);
  expect(workers).toHaveLength(3);
  worker(0).end();
  await flushPending();
  expect(workers).toHaveLength(4);
  worker(3).listen();
  await flushPending();
  worker(1).end();
  await restarted;
  expect(notes).toEqual(["all workers were replaced"]);
  expect(workers).toHaveLength(4);
  await stop();
});

test("a restart with a worker that does not start is cancelled, and the old workers continue", async () => {
  const { pool: made, workers, worker, notes, start, stop } = pool(2);
  await start();
  const restarted = made.restart();
  worker(2).end("exit code 1");
  await restarted;
  expect(notes).toEqual([
    "the restart was cancelled, and the old workers continue: worker 2 has ended before it was listening (exit code 1)",
  ]);
  expect([worker(0).asked, worker(1).asked]).toEqual([[], []]);
  expect(workers).toHaveLength(3);
  await stop();
});

test("a restart during a restart replaces all workers once more", async () => {
  const { pool: made, workers, worker, start, stop } = pool(1);
  await start();
  const first = made.restart();
  const second = made.restart();
  worker(1).listen();
  await flushPending();
  worker(0).end();
  await flushPending();
  expect(workers).toHaveLength(3);
  worker(2).listen();
  await flushPending();
  worker(1).end();
  await Promise.all([first, second]);
  expect(workers).toHaveLength(3);
  await stop();
});

test("a worker that does not listen in time, or does not stop in time, is killed", async () => {
  const { pool: made, clock, worker, notes, start } = pool(1);
  await start();
  const restarted = made.restart();
  clock.advance(60_000);
  await restarted;
  expect(worker(1).asked).toEqual(["kill"]);
  const stopped = made.stop();
  clock.advance(9_999);
  expect(worker(0).asked).toEqual(["stop"]);
  clock.advance(1);
  await stopped;
  expect(worker(0).asked).toEqual(["stop", "kill"]);
  expect(notes.at(-1)).toBe("worker 0 did not stop within 10000 ms, and was killed");
});

test("no worker is replaced or started once the pool stops", async () => {
  const { pool: made, clock, workers, worker, start } = pool(2);
  await start();
  worker(0).end("signal SIGKILL");
  await flushPending();
  const restarted = made.restart();
  const stopped = made.stop();
  for (const one of workers) one.end();
  await Promise.all([stopped, restarted]);
  clock.advance(60_000);
  expect(workers).toHaveLength(3);
});

test("the address is printed again if all workers had ended and the system has chosen another port", async () => {
  const { clock, worker, addresses, start, stop } = pool(1);
  await start();
  worker(0).end();
  await flushPending();
  clock.advance(100);
  worker(1).listen("tcp://127.0.0.1:5678");
  await flushPending();
  expect(addresses).toEqual([AT, "tcp://127.0.0.1:5678"]);
  await stop();
});
