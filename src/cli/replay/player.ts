/** Plays one side of a recorded connection to a live server, and notes what goes otherwise than it went. */
import { messageOf } from "../../core/errors/to-error.ts";
import { ANSWER, ASK, type Box, COMMAND, ERROR } from "../../index.ts";
import type { TLSOptions } from "../../node/index.ts";
import { tagOf } from "../proxy/pairing.ts";
import type { Place } from "../proxy/server.ts";
import { type BoxDifference, boxDifferences, type Difference } from "./differences.ts";
import type { Answering, Asked, Script, Step } from "./script.ts";
import { Wire } from "./wire.ts";

export interface PlayOptions {
  readonly to: Place;
  readonly tls: TLSOptions;
  /** Milliseconds for each step; none for as long as it takes. */
  readonly timeout: number | undefined;
}

export interface Played {
  /** Answers, asks and raw bytes of the server that were compared. */
  readonly compared: number;
  readonly differences: readonly Difference[];
}

/** @throws ConnectFailed. Whatever happens after that is a difference. */
export async function play(script: Script, options: PlayOptions): Promise<Played> {
  const signal = options.timeout === undefined ? undefined : AbortSignal.timeout(options.timeout);
  const wire = await Wire.open(options.to, signal);
  try {
    return await new Player(script, wire, options).play();
  } finally {
    wire.destroy();
  }
}

class Player {
  readonly #script: Script;
  readonly #wire: Wire;
  readonly #options: PlayOptions;
  readonly #differences: Difference[] = [];
  #compared = 0;
  /** Come, and not waited for yet. */
  readonly #answers = new Map<string, Box>();
  /** What the server has asked in the recording, and not yet now. */
  readonly #expected: Asked[];
  /** Recorded tags of what the server asked, and those it has now. */
  readonly #tags = new Map<string, string>();
  /** Tags of our asks behind whose answers TLS begins. */
  readonly #securing: ReadonlySet<string>;

  constructor(script: Script, wire: Wire, options: PlayOptions) {
    this.#script = script;
    this.#wire = wire;
    this.#options = options;
    this.#expected = script.steps.filter((step) => step.kind === "asked");
    this.#securing = new Set(
      script.steps.flatMap((step) => (step.kind === "answered" && step.secures ? [step.tag] : [])),
    );
  }

  async play(): Promise<Played> {
    for (const step of this.#script.steps) {
      try {
        await this.#take(step);
      } catch (error) {
        // The connection is no use from here on: what is left of the recording cannot be had.
        const message = messageOf(error);
        this.#differs(step, [{ about: "conversation", recorded: "to go on", got: `at its end: ${message}` }]);
        break;
      }
    }
    return { compared: this.#compared, differences: this.#differences };
  }

  async #take(step: Step): Promise<void> {
    const wire = this.#wire;
    const { timeout } = this.#options;
    const signal = timeout === undefined ? new AbortController().signal : late(timeout);
    switch (step.kind) {
      case "ask":
        return wire.send(step.box);
      case "answered":
        this.#compared++;
        return this.#differs(step, boxDifferences(step.box, await this.#answer(step.tag, signal)));
      case "asked":
        while (this.#expected.includes(step)) await this.#pull(signal);
        return;
      case "answer":
        return this.#reply(step, signal);
      case "send":
        return wire.sendBytes(step.bytes);
      case "sent": {
        this.#compared++;
        const got = Buffer.from(await wire.bytes(step.bytes.length, signal));
        if (got.equals(step.bytes)) return;
        return this.#differs(step, [{ about: "bytes", recorded: step.bytes, got }]);
      }
      case "end":
        return wire.end();
    }
  }

  async #answer(tag: string, signal: AbortSignal): Promise<Box> {
    for (;;) {
      const box = this.#answers.get(tag);
      this.#answers.delete(tag);
      if (box !== undefined) return box;
      await this.#pull(signal);
    }
  }

  /** The server may say things in another order than it did. */
  async #pull(signal: AbortSignal): Promise<void> {
    const box = await this.#wire.box(signal);
    const tag = tagOf(box, ANSWER) ?? tagOf(box, ERROR);
    if (tag === undefined) {
      return this.#asked(box, signal);
    }
    this.#answers.set(tag, box);
    if (this.#securing.has(tag) && box.has(ANSWER)) {
      await this.#wire.startTLS(false, this.#options.tls, signal);
    }
  }

  /** Of the recorded asks of that name the same one, or else the first. */
  async #asked(box: Box, signal: AbortSignal): Promise<void> {
    const name = box.text(COMMAND) ?? "";
    const named = this.#expected.filter((step) => step.name === name);
    const step = named.find((one) => boxDifferences(one.box, box).length === 0) ?? named[0];
    if (step === undefined) {
      this.#differs({ name }, [{ about: "the server's ask", recorded: undefined, got: "there" }]);
      return;
    }
    this.#expected.splice(this.#expected.indexOf(step), 1);
    this.#compared++;
    this.#differs(step, boxDifferences(step.box, box));
    const tag = tagOf(box, ASK);
    if (step.tag !== undefined && tag !== undefined) this.#tags.set(step.tag, tag);
    if (step.atOnce !== undefined) await this.#reply(step.atOnce, signal);
  }

  /** Our answer as it was, under the tag that the server has now. */
  async #reply(step: Answering, signal: AbortSignal): Promise<void> {
    const tag = this.#tags.get(step.tag);
    if (tag === undefined) return;
    const key = step.box.has(ANSWER) ? ANSWER : ERROR;
    this.#wire.send(step.box.set(key, new Uint8Array(Buffer.from(tag, "latin1"))));
    if (step.secures) await this.#wire.startTLS(true, this.#options.tls, signal);
  }

  #differs(step: Step | { readonly name: string }, found: readonly BoxDifference[]): void {
    const command = "name" in step ? step.name : "raw bytes";
    for (const one of found) {
      this.#differences.push({ connection: this.#script.connection, command, ...one });
    }
  }
}

function late(timeout: number): AbortSignal {
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error(`nothing came within ${timeout} ms`)), timeout).unref();
  return stop.signal;
}
