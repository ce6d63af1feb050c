/** Pairs answers with asks by tag and direction, and measures the response time. */
import {
  ANSWER,
  type AnyCommand,
  ASK,
  type Box,
  COMMAND,
  ERROR,
  ERROR_CODE,
  ERROR_DESCRIPTION,
  StartTLS,
} from "../../index.ts";
import { type Endpoint, otherEndpoint } from "./endpoint.ts";

/** The commands of a schema by their names on the wire. */
export type Commands = ReadonlyMap<string, AnyCommand>;

export interface Ask {
  readonly kind: "ask";
  /** Undefined if no answer is requested. */
  readonly tag: string | undefined;
  readonly name: string;
  readonly command: AnyCommand | undefined;
}

export interface Reply {
  readonly kind: "answer" | "error";
  readonly tag: string;
  /** Undefined for an answer without a pending ask. */
  readonly ask: Ask | undefined;
  /** Milliseconds since the ask, if known. */
  readonly took: number | undefined;
  /** Protocol change that begins after this answer. Never set on an error. */
  readonly change: "upgrading" | "switching" | undefined;
  /** Error code of an error. */
  readonly code: string | undefined;
  /** Description of an error. */
  readonly description: string | undefined;
}

/** The role of a box. `stray` is neither ask nor answer. */
export type Meaning = Ask | Reply | { readonly kind: "stray" };

interface PendingAsk {
  readonly ask: Ask;
  readonly since: number | undefined;
}

export class Pairing {
  readonly #commands: Commands;
  readonly #now: () => number | undefined;
  readonly #pending: Readonly<Record<Endpoint, Map<string, PendingAsk>>> = {
    client: new Map(),
    server: new Map(),
  };
  /** Number of pending asks whose answers change the protocol. A counter, because every chunk of bytes reads it. */
  readonly #changes: Record<Endpoint, number> = { client: 0, server: 0 };
  #answered = false;

  /** @param now returns milliseconds from any origin, or undefined if the time is unknown */
  constructor(commands: Commands, now: () => number | undefined) {
    this.#commands = commands;
    this.#now = now;
  }

  /** True if at least one ask was answered. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Returns true if this endpoint has a pending ask whose answer changes the protocol. */
  awaitsChange(end: Endpoint): boolean {
    return this.#changes[end] > 0;
  }

  /** Asks without an answer so far. */
  get unanswered(): readonly Ask[] {
    return [...this.#pending.client.values(), ...this.#pending.server.values()].map(({ ask }) => ask);
  }

  /** Interprets the next box. AMP defines the order in which the keys are checked. */
  interpret(from: Endpoint, box: Box): Meaning {
    if (box.has(ANSWER)) return this.#reply("answer", from, box, ANSWER);
    if (box.has(ERROR)) return this.#reply("error", from, box, ERROR);
    if (box.has(COMMAND)) return this.#ask(from, box);
    return { kind: "stray" };
  }

  #ask(from: Endpoint, box: Box): Ask {
    const name = box.text(COMMAND) ?? "";
    const tag = tagOf(box, ASK);
    const ask: Ask = { kind: "ask", tag, name, command: this.#commands.get(name) };
    if (tag === undefined) return ask;
    this.#take(from, tag); // an unanswered ask with the same tag, which is used again
    this.#pending[from].set(tag, { ask, since: this.#now() });
    if (changeOf(ask) !== undefined) this.#changes[from]++;
    return ask;
  }

  #reply(kind: "answer" | "error", from: Endpoint, box: Box, key: string): Reply {
    const tag = tagOf(box, key) ?? "";
    const pending = this.#take(otherEndpoint(from), tag);
    this.#answered ||= pending !== undefined;
    const ask = pending?.ask;
    const now = this.#now();
    return {
      kind,
      tag,
      ask,
      took: pending?.since === undefined || now === undefined ? undefined : now - pending.since,
      change: kind === "error" || ask === undefined ? undefined : changeOf(ask),
      code: kind === "error" ? (box.text(ERROR_CODE) ?? "") : undefined,
      description: kind === "error" ? (box.text(ERROR_DESCRIPTION) ?? "") : undefined,
    };
  }

  /** Removes and returns the pending ask of this endpoint with this tag. */
  #take(end: Endpoint, tag: string): PendingAsk | undefined {
    const pending = this.#pending[end].get(tag);
    if (pending === undefined) return undefined;
    this.#pending[end].delete(tag);
    if (changeOf(pending.ask) !== undefined) this.#changes[end]--;
    return pending;
  }
}

/** Returns a tag as text with one character for each byte, so that different tags have different texts. */
export function tagOf(box: Box, key: string): string | undefined {
  const value = box.get(key);
  return value === undefined ? undefined : Buffer.from(value).toString("latin1");
}

function changeOf({ name, command }: Ask): "upgrading" | "switching" | undefined {
  return command === undefined && name === StartTLS.name ? "upgrading" : command?.change?.state;
}
