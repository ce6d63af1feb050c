/** Plays one side of a recorded connection to a live server, and collects the differences. */
import { messageOf } from "../../core/errors/to-error.ts";
import { SHOWN_KEY } from "../../core/wire/own-commands.ts";
import { ANSWER, ASK, type Box, COMMAND, ERROR } from "../../index.ts";
import type { TLSOptions } from "../../node/index.ts";
import type { SocketAddress } from "../net/address.ts";
import { tagOf } from "../traffic/pairing.ts";
import {
  type BoxDifference,
  boxDifferences,
  COMPARE_ALL,
  type Comparison,
  type Difference,
  isIgnored,
} from "./differences.ts";
import { ExpectedAsks } from "./expected-asks.ts";
import { MadeIds } from "./made-ids.ts";
import type { Answering, Script, Step } from "./script.ts";
import { Wire } from "./wire.ts";

export interface PlayOptions {
  readonly to: SocketAddress;
  readonly tls: TLSOptions;
  /** Milliseconds for each step. Undefined: no timeout. */
  readonly timeout: number | undefined;
  /** Default: everything is compared. */
  readonly comparison?: Comparison | undefined;
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
  /** Tags of those answers that differ from the recorded ones. */
  readonly #differing = new Set<string>();
  /** Recorded asks of the server that it has not sent yet. */
  readonly #expected: ExpectedAsks;
  readonly #ids = new MadeIds();
  readonly #comparison: Comparison;
  /** Number of asks of this side that the server has not answered. */
  #unanswered = 0;
  /** True if the server has done something else than in the recording, so that what is missing may never come. */
  #diverged = false;
  /** Recorded answers to asks that the server has not sent yet, by tag. They are sent if the ask comes later. */
  readonly #late = new Map<string, Answering>();
  /** Current tags of the server's asks, by recorded tag. */
  readonly #tags = new Map<string, string>();
  /** Recorded answers of the server by tag, if no later ask uses the tag again. */
  readonly #answered: ReadonlyMap<string, Step & { readonly kind: "answered" }>;
  /** Tags of the asks whose answers start TLS. */
  readonly #securing: ReadonlySet<string>;

  constructor(script: Script, wire: Wire, options: PlayOptions) {
    this.#script = script;
    this.#wire = wire;
    this.#options = options;
    const comparison = options.comparison ?? COMPARE_ALL;
    this.#comparison = comparison;
    this.#expected = new ExpectedAsks(
      script.steps.filter((step) => step.kind === "asked"),
      (command, key) => isIgnored(comparison, command, key),
    );
    this.#answered = new Map(
      script.steps.flatMap((step) => (step.kind === "answered" ? [[step.tag, step] as const] : [])),
    );
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
        return { compared: this.#compared, differences: this.#differences };
      }
    }
    for (const step of this.#expected.rest) {
      this.#differs(step, [{ about: "ask of the server", recorded: "present", got: undefined }]);
    }
    return { compared: this.#compared, differences: this.#differences };
  }

  async #play(step: Step): Promise<void> {
    const wire = this.#wire;
    const { timeout } = this.#options;
    const signal = timeout === undefined ? new AbortController().signal : late(timeout);
    switch (step.kind) {
      case "ask":
        if (step.box.has(ASK)) this.#unanswered++;
        return wire.send(this.#ids.translate(step.box));
      case "answered":
        this.#compared++;
        return this.#compare(step, step.box, await this.#answer(step.tag, signal));
      case "asked":
        // A server that has diverged may never ask. If it asks later, its ask is compared then.
        while (this.#expected.has(step) && !this.#neverAsks()) await this.#receive(signal);
        return;
      case "answer":
        return this.#reply(step, signal);
      case "send":
        this.#checkCourse();
        return wire.sendBytes(step.bytes);
      case "sent": {
        this.#checkCourse();
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
      this.#differing.delete(tag);
      if (box !== undefined) return box;
      await this.#receive(signal);
    }
  }

  /** Receives one box. The server may send boxes in another order than in the recording. */
  async #receive(signal: AbortSignal): Promise<void> {
    const box = await this.#wire.box(signal);
    box.delete(SHOWN_KEY); // an answer of the recording has lost it, too
    const tag = tagOf(box, ANSWER) ?? tagOf(box, ERROR);
    if (tag === undefined) {
      return this.#asked(box, signal);
    }
    this.#unanswered--;
    this.#answers.set(tag, box);
    const step = this.#answered.get(tag);
    if (step !== undefined && this.#differencesOf(step.name, step.box, box).length > 0)
      this.#differing.add(tag);
    if (!this.#securing.has(tag)) return;
    if (!box.has(ANSWER)) throw new Error("the server refused TLS, and the rest was sent inside TLS");
    await this.#wire.startTLS(false, this.#options.tls, signal);
  }

  /**
   * Returns true if waiting for an ask of the server makes no sense: it has diverged, or it has answered everything, and
   * those answers came after the ask in the recording and differ.
   */
  #neverAsks(): boolean {
    if (this.#diverged) return true;
    this.#diverged = this.#unanswered === 0 && this.#differing.size > 0;
    return this.#diverged;
  }

  /** Raw bytes make sense only in the protocol that the recording has switched to. @throws Error */
  #checkCourse(): void {
    if (this.#diverged) throw new Error("the conversation diverged before the raw bytes");
  }

  /** Finds the recorded ask that equals the received one, or else the first with the same name, and compares them. */
  async #asked(box: Box, signal: AbortSignal): Promise<void> {
    const step = this.#expected.take(box);
    if (step === undefined) {
      this.#diverged = true;
      const name = box.text(COMMAND) ?? "";
      this.#differs({ name }, [{ about: "ask of the server", recorded: undefined, got: "present" }]);
      return;
    }
    this.#compared++;
    this.#compare(step, step.box, box);
    const tag = tagOf(box, ASK);
    if (step.tag !== undefined && tag !== undefined) this.#tags.set(step.tag, tag);
    const answer = step.atOnce ?? (step.tag === undefined ? undefined : this.#late.get(step.tag));
    if (answer !== undefined) await this.#reply(answer, signal);
  }

  /** Sends the recorded answer with the current tag. */
  async #reply(step: Answering, signal: AbortSignal): Promise<void> {
    const tag = this.#tags.get(step.tag);
    if (tag === undefined) {
      this.#late.set(step.tag, step);
      return;
    }
    this.#late.delete(step.tag);
    const key = step.box.has(ANSWER) ? ANSWER : ERROR;
    const box = this.#ids.translate(step.box).set(key, new Uint8Array(Buffer.from(tag, "latin1")));
    this.#wire.send(box);
    if (step.secures) await this.#wire.startTLS(true, this.#options.tls, signal);
  }

  #compare(step: { readonly name: string }, recorded: Box, got: Box): void {
    if (recorded.has(ERROR) !== got.has(ERROR)) this.#diverged = true;
    this.#differs(step, this.#differencesOf(step.name, recorded, got));
    this.#ids.learn(recorded, got, (key) => isIgnored(this.#comparison, step.name, key));
  }

  #differencesOf(name: string, recorded: Box, got: Box): BoxDifference[] {
    return boxDifferences(recorded, got, name, this.#comparison, (was, is) => this.#ids.isSame(was, is));
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
