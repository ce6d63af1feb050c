/** Plays one side of a recorded connection to a live server, and collects the differences. */
import { messageOf } from "../../core/errors/to-error.ts";
import { ANSWER, ASK, type Box, COMMAND, ERROR } from "../../index.ts";
import type { TLSOptions } from "../../node/index.ts";
import type { SocketAddress } from "../net/address.ts";
import { tagOf } from "../traffic/pairing.ts";
import { type BoxDifference, boxDifferences, type Difference } from "./differences.ts";
import type { Answering, Asked, Script, Step } from "./script.ts";
import { Wire } from "./wire.ts";

export interface PlayOptions {
  readonly to: SocketAddress;
  readonly tls: TLSOptions;
  /** Milliseconds for each step. Undefined: no timeout. */
  readonly timeout: number | undefined;
}

export interface Played {
  /** Number of answers, asks and raw pieces of the server that were compared. */
  readonly compared: number;
  readonly differences: readonly Difference[];
}

/** @throws ConnectFailed. Any later failure is reported as a difference. */
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
  /** Received answers that no step has compared yet, by tag. */
  readonly #answers = new Map<string, Box>();
  /** Recorded asks of the server that it has not sent yet. */
  readonly #expected: Asked[];
  /** Current tags of the server's asks, by recorded tag. */
  readonly #tags = new Map<string, string>();
  /** Tags of the asks whose answers start TLS. */
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
        await this.#play(step);
      } catch (error) {
        // The connection is unusable, so the rest of the recording cannot be compared.
        const message = messageOf(error);
        this.#differs(step, [{ about: "connection", recorded: "open", got: `closed: ${message}` }]);
        break;
      }
    }
    return { compared: this.#compared, differences: this.#differences };
  }

  async #play(step: Step): Promise<void> {
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
        while (this.#expected.includes(step)) await this.#receive(signal);
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
      await this.#receive(signal);
    }
  }

  /** Receives one box. The server may send boxes in another order than in the recording. */
  async #receive(signal: AbortSignal): Promise<void> {
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

  /** Finds the recorded ask that equals the received one, or else the first with the same name, and compares them. */
  async #asked(box: Box, signal: AbortSignal): Promise<void> {
    const name = box.text(COMMAND) ?? "";
    const named = this.#expected.filter((step) => step.name === name);
    const step = named.find((one) => boxDifferences(one.box, box).length === 0) ?? named[0];
    if (step === undefined) {
      this.#differs({ name }, [{ about: "ask of the server", recorded: undefined, got: "present" }]);
      return;
    }
    this.#expected.splice(this.#expected.indexOf(step), 1);
    this.#compared++;
    this.#differs(step, boxDifferences(step.box, box));
    const tag = tagOf(box, ASK);
    if (step.tag !== undefined && tag !== undefined) this.#tags.set(step.tag, tag);
    if (step.atOnce !== undefined) await this.#reply(step.atOnce, signal);
  }

  /** Sends the recorded answer with the current tag. */
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
  setTimeout(() => stop.abort(new Error(`the server sent nothing within ${timeout} ms`)), timeout).unref();
  return stop.signal;
}
