/** The recorded asks that the server has not sent yet. Every operation takes the same time, however many there are. */
import { createHash } from "node:crypto";
import { ANSWER, ASK, Box, COMMAND, ERROR, encodeBox } from "../../index.ts";
import type { Asked } from "./script.ts";

const TAGS = new Set([ASK, ANSWER, ERROR]);

/** Asks in recorded order. An ask that was taken elsewhere is dropped when it reaches the front. */
class Queue {
  readonly #asks: Asked[] = [];
  #front = 0;

  push(ask: Asked): void {
    this.#asks.push(ask);
  }

  /** Returns the first ask that is still pending. */
  first(pending: ReadonlySet<Asked>): Asked | undefined {
    for (; this.#front < this.#asks.length; this.#front++) {
      const ask = this.#asks[this.#front];
      if (ask !== undefined && pending.has(ask)) return ask;
    }
    return undefined;
  }
}

export class ExpectedAsks {
  readonly #isIgnored: (command: string, key: string) => boolean;
  readonly #pending: Set<Asked>;
  readonly #byName = new Map<string, Queue>();
  readonly #byContent = new Map<string, Queue>();

  /** @param isIgnored returns true for a field that is not compared */
  constructor(asks: readonly Asked[], isIgnored: (command: string, key: string) => boolean) {
    this.#isIgnored = isIgnored;
    this.#pending = new Set(asks);
    for (const ask of asks) {
      queueOf(this.#byName, ask.name).push(ask);
      queueOf(this.#byContent, this.#contentOf(ask.box)).push(ask);
    }
  }

  has(ask: Asked): boolean {
    return this.#pending.has(ask);
  }

  /** Asks that the server has not sent, in recorded order. */
  get rest(): Iterable<Asked> {
    return this.#pending;
  }

  /** Takes the first recorded ask that equals the received one, or else the first with its name. */
  take(received: Box): Asked | undefined {
    const found =
      this.#byContent.get(this.#contentOf(received))?.first(this.#pending) ??
      this.#byName.get(received.text(COMMAND) ?? "")?.first(this.#pending);
    if (found !== undefined) this.#pending.delete(found);
    return found;
  }

  /** Returns a digest of what is compared, whatever the order of the keys. */
  #contentOf(box: Box): string {
    const digest = createHash("sha256");
    const name = box.text(COMMAND) ?? "";
    const compared = [...box].filter(([key]) => !TAGS.has(key) && !this.#isIgnored(name, key));
    for (const entry of compared.sort(([a], [b]) => (a < b ? -1 : 1)))
      digest.update(encodeBox(new Box([entry])));
    return digest.digest("base64");
  }
}

function queueOf(queues: Map<string, Queue>, key: string): Queue {
  const known = queues.get(key);
  if (known !== undefined) return known;
  const made = new Queue();
  queues.set(key, made);
  return made;
}
