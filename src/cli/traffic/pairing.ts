/** Pairs answers with asks by tag and direction, and measures the response time. */
import { createHash } from "node:crypto";
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
import { PENDING_LIMITS } from "./limits.ts";

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

/** Pending asks of one endpoint, oldest first. */
class PendingAsks {
  readonly #asks = new Map<string, PendingAsk>();
  /** Keys in order. One iterator for all drops: a new one would skip the places of all deleted entries. */
  readonly #oldest = this.#asks.keys();
  #bytes = 0;
  #changes = 0;

  /** Number of asks whose answers change the protocol. A counter, because every chunk of bytes reads it. */
  get changes(): number {
    return this.#changes;
  }

  get exceedsLimits(): boolean {
    return this.#asks.size > PENDING_LIMITS.asks || this.#bytes > PENDING_LIMITS.bytes;
  }

  add(tag: string, pending: PendingAsk): void {
    this.#asks.set(keyOf(tag), pending);
    this.#count(pending, 1);
  }

  /** Removes and returns the ask with this tag. */
  take(tag: string): PendingAsk | undefined {
    return this.#remove(keyOf(tag));
  }

  dropOldest(): void {
    const { value: key } = this.#oldest.next();
    if (key !== undefined) this.#remove(key);
  }

  all(): readonly Ask[] {
    return Array.from(this.#asks.values(), ({ ask }) => ask);
  }

  #remove(key: string): PendingAsk | undefined {
    const pending = this.#asks.get(key);
    if (pending === undefined) return undefined;
    this.#asks.delete(key);
    this.#count(pending, -1);
    return pending;
  }

  #count({ ask }: PendingAsk, sign: 1 | -1): void {
    this.#bytes += sign * ((ask.tag?.length ?? 0) + ask.name.length);
    if (changeOf(ask) !== undefined) this.#changes += sign;
  }
}

/** Longest tag in bytes that is its own key. */
const MAX_PLAIN_KEY = 256;

/**
 * Returns the key of a tag: a digest for a long tag. V8 derives the hash of a string over 16 KiB from its length alone, so
 * a map would compare a long tag with all others of the same length.
 */
function keyOf(tag: string): string {
  if (tag.length <= MAX_PLAIN_KEY) return `tag ${tag}`;
  return `sha256 ${createHash("sha256").update(tag, "latin1").digest("base64")}`;
}

export class Pairing {
  readonly #commands: Commands;
  readonly #now: () => number | undefined;
  readonly #onFirstDrop: () => void;
  readonly #pending: Readonly<Record<Endpoint, PendingAsks>> = {
    client: new PendingAsks(),
    server: new PendingAsks(),
  };
  #answered = false;
  #dropped = 0;

  /**
   * @param now returns milliseconds from any origin, or undefined if the time is unknown
   * @param onFirstDrop called once, when an unanswered ask is dropped because of `PENDING_LIMITS`
   */
  constructor(commands: Commands, now: () => number | undefined, onFirstDrop: () => void = () => {}) {
    this.#commands = commands;
    this.#now = now;
    this.#onFirstDrop = onFirstDrop;
  }

  /** True if at least one ask was answered. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Returns true if this endpoint has a pending ask whose answer changes the protocol. */
  awaitsChange(end: Endpoint): boolean {
    return this.#pending[end].changes > 0;
  }

  /** Number of unanswered asks that were dropped because of `PENDING_LIMITS`. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Asks without an answer so far, except those that were dropped. */
  get unanswered(): readonly Ask[] {
    return [...this.#pending.client.all(), ...this.#pending.server.all()];
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
    const pending = this.#pending[from];
    pending.take(tag); // an unanswered ask with the same tag, which is used again
    pending.add(tag, { ask, since: this.#now() });
    while (pending.exceedsLimits) {
      pending.dropOldest();
      if (++this.#dropped === 1) this.#onFirstDrop();
    }
    return ask;
  }

  #reply(kind: "answer" | "error", from: Endpoint, box: Box, key: string): Reply {
    const tag = tagOf(box, key) ?? "";
    const pending = this.#pending[otherEndpoint(from)].take(tag);
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
}

/** Returns a tag as text with one character for each byte, so that different tags have different texts. */
export function tagOf(box: Box, key: string): string | undefined {
  const value = box.get(key);
  return value === undefined ? undefined : Buffer.from(value).toString("latin1");
}

function changeOf({ name, command }: Ask): "upgrading" | "switching" | undefined {
  return command === undefined && name === StartTLS.name ? "upgrading" : command?.change?.state;
}
