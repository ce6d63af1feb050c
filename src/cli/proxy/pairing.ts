/** Which answer belongs to which ask: by tag and direction, and how long it took. */
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

/** Commands by their names on the wire: what a schema comes to. */
export type Commands = ReadonlyMap<string, AnyCommand>;

export interface Ask {
  readonly kind: "ask";
  /** Undefined where no answer is wanted. */
  readonly tag: string | undefined;
  readonly name: string;
  readonly command: AnyCommand | undefined;
}

export interface Reply {
  readonly kind: "answer" | "error";
  readonly tag: string;
  /** Undefined for an answer that nobody has asked for. */
  readonly ask: Ask | undefined;
  /** Milliseconds since the ask passed, where that is known. */
  readonly took: number | undefined;
  /** What an answer to this ask does to the connection. Never set on an error. */
  readonly change: "upgrading" | "switching" | undefined;
  /** Of an error. */
  readonly code: string | undefined;
  readonly description: string | undefined;
}

/** A box that is neither ask nor answer has no meaning. */
export type Meaning = Ask | Reply | { readonly kind: "stray" };

interface Waiting {
  readonly ask: Ask;
  readonly since: number | undefined;
}

export class Pairing {
  readonly #commands: Commands;
  readonly #now: () => number | undefined;
  readonly #waiting: Readonly<Record<Endpoint, Map<string, Waiting>>> = {
    client: new Map(),
    server: new Map(),
  };
  /** How many of them will change what the bytes mean: looked at for every chunk that passes. */
  readonly #changes: Record<Endpoint, number> = { client: 0, server: 0 };
  #answered = false;

  /** @param now milliseconds, from any beginning; undefined while nobody knows */
  constructor(commands: Commands, now: () => number | undefined) {
    this.#commands = commands;
    this.#now = now;
  }

  /** Whether any ask has been answered yet. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Whether an ask of this end waits whose answer will change what the bytes mean. */
  awaitsChange(end: Endpoint): boolean {
    return this.#changes[end] > 0;
  }

  /** Asks whose answers have not passed. */
  get unanswered(): readonly Ask[] {
    return [...this.#waiting.client.values(), ...this.#waiting.server.values()].map(({ ask }) => ask);
  }

  /** A box passes. The order of the keys looked at is the protocol's. */
  passed(from: Endpoint, box: Box): Meaning {
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
    this.#take(from, tag); // one that nobody has answered, and whose tag is used again
    this.#waiting[from].set(tag, { ask, since: this.#now() });
    if (changeOf(ask) !== undefined) this.#changes[from]++;
    return ask;
  }

  #reply(kind: "answer" | "error", from: Endpoint, box: Box, key: string): Reply {
    const tag = tagOf(box, key) ?? "";
    const waiting = this.#take(otherEndpoint(from), tag);
    this.#answered ||= waiting !== undefined;
    const ask = waiting?.ask;
    const now = this.#now();
    return {
      kind,
      tag,
      ask,
      took: waiting?.since === undefined || now === undefined ? undefined : now - waiting.since,
      change: kind === "error" || ask === undefined ? undefined : changeOf(ask),
      code: kind === "error" ? (box.text(ERROR_CODE) ?? "") : undefined,
      description: kind === "error" ? (box.text(ERROR_DESCRIPTION) ?? "") : undefined,
    };
  }

  /** The ask of this end that has this tag no longer waits. */
  #take(end: Endpoint, tag: string): Waiting | undefined {
    const waiting = this.#waiting[end].get(tag);
    if (waiting === undefined) return undefined;
    this.#waiting[end].delete(tag);
    if (changeOf(waiting.ask) !== undefined) this.#changes[end]--;
    return waiting;
  }
}

/** A tag is any bytes; as text each byte is one character, so that no two of them look the same. */
export function tagOf(box: Box, key: string): string | undefined {
  const value = box.get(key);
  return value === undefined ? undefined : Buffer.from(value).toString("latin1");
}

function changeOf({ name, command }: Ask): "upgrading" | "switching" | undefined {
  return command === undefined && name === StartTLS.name ? "upgrading" : command?.change?.state;
}
