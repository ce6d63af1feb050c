/** Reply subjects of the last asks: each attempt has one of its own, so a second message with it is a copy. */

/** Number of subjects in one generation. At least as many are known, and at most twice as many. */
const GENERATION = 1_024;

export class RecentReplies {
  #young = new Set<string>();
  #old = new Set<string>();

  has(reply: string): boolean {
    return this.#young.has(reply) || this.#old.has(reply);
  }

  /** Adds a subject. Returns true if it is known already. */
  isKnown(reply: string): boolean {
    if (this.has(reply)) return true;
    this.#young.add(reply);
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    return false;
  }
}
