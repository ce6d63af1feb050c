/** One client of the soak: it upgrades, calls, is cut at random and connects again. */
import { randomBytes, randomInt } from "node:crypto";
import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import { AmpError, locator } from "ampwire";
import { attach } from "ampwire/node";
import { CallBack, Cut, Declared, Echo, Fail, Sum } from "./commands.mjs";
import { cpuTime } from "./measures.mjs";

const responders = locator(Sum.responder(({ a, b }) => ({ total: a + b })));

/** Counts of all clients together. */
export const tally = { answered: 0, declared: 0, lost: 0, pending: 0, wrong: [], upgrades: 0, cuts: 0 };

/**
 * Milliseconds from each call of Sum to its answer, recorded while `recorded` is a list. `wall` is the time that has passed.
 * `worked` is at most the CPU time that the server and this process have used meanwhile: on a busy machine a call also waits
 * for other processes, which says nothing about the server.
 */
export const latencies = { recorded: undefined, serverPid: undefined };

/** Returns the CPU time in milliseconds of the event loops through which a call goes. */
function workedNow() {
  return cpuTime() + cpuTime(latencies.serverPid);
}

export class Client {
  #options;
  #connection;
  #socket;
  #stopped = false;

  constructor(options) {
    this.#options = options;
  }

  get connection() {
    return this.#connection;
  }

  async open() {
    const { port, authority } = this.#options;
    this.#socket = connectSocket({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    await once(this.#socket, "connect");
    this.#connection = attach(this.#socket, { role: "client", locator: responders });
    // The call is queued and sent inside TLS only: the server refuses it in plaintext.
    const upgraded = this.#connection.startTLS({ verifyAuthorities: [authority] });
    await Promise.all([upgraded, this.#call(Sum, { a: 20, b: 22 }, ({ total }) => total === 42)]);
    tally.upgrades++;
  }

  /**
   * Makes calls with random pauses of up to `pause` milliseconds until stop().
   * @param cuts true if some of the calls are replaced by a cut of the connection
   */
  async run(pause, cuts = true) {
    while (!this.#stopped) {
      await new Promise((resolve) => setTimeout(resolve, randomInt(pause)));
      if (this.#stopped) return;
      if (cuts && randomInt(200) === 0) await this.#cut();
      else await this.#mixedCall();
    }
  }

  async stop() {
    this.#stopped = true;
    await this.#connection.close();
  }

  #mixedCall() {
    const a = randomInt(1_000_000);
    const size = randomInt(20) === 0 ? 60_000 : randomInt(200);
    const data = randomBytes(size);
    return [
      () => this.#call(Sum, { a, b: 1 }, ({ total }) => total === a + 1),
      () => this.#call(Echo, { data, delay: randomInt(20) }, (answer) => data.equals(answer.data)),
      () =>
        this.#call(
          Fail,
          { text: `no ${a}` },
          (error) => error instanceof Declared && error.message === `no ${a}`,
        ),
      () => this.#call(CallBack, { count: 4 }, ({ total }) => total === 10),
    ][randomInt(4)]();
  }

  /** Makes a call and checks that it settles once, with the right answer or with the loss of its connection. */
  async #call(command, args, isRight) {
    tally.pending++;
    let settled = 0;
    const { recorded } = latencies;
    const measured = recorded !== undefined && command === Sum;
    const began = { wall: performance.now(), worked: measured ? workedNow() : 0 };
    try {
      const answer = await this.#connection.callRemote(command, args).finally(() => settled++);
      // Calls that end during a report of the server have waited for its garbage collection.
      if (measured && latencies.recorded === recorded) {
        const wall = performance.now() - began.wall;
        recorded.push({ wall, worked: Math.min(wall, workedNow() - began.worked) });
      }
      if (isRight(answer)) tally.answered++;
      else tally.wrong.push(`${command.name} received a wrong answer`);
    } catch (error) {
      if (error instanceof Declared && isRight(error)) tally.declared++;
      else if (error instanceof AmpError && error.fault === "transport") tally.lost++;
      else tally.wrong.push(`${command.name} failed with ${error}`);
    }
    if (settled !== 1) tally.wrong.push(`${command.name} settled ${settled} times`);
    tally.pending--;
  }

  /** Ends the connection in one of three ways while calls are in progress, and opens another. */
  async #cut() {
    tally.cuts++;
    const calls = [this.#mixedCall(), this.#mixedCall(), this.#mixedCall()];
    [
      () => this.#socket.resetAndDestroy(),
      () => this.#connection.destroy(),
      () => calls.push(this.#connection.callRemote(Cut).catch(() => {})),
    ][randomInt(3)]();
    await Promise.all(calls);
    await this.#connection.closed;
    if (!this.#stopped) await this.open();
  }
}
