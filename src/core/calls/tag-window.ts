/**
 * What belongs to tags that count up: a ring of slots, for a fraction of what a map costs each call.
 *
 * Tags are given out in order, and answered more or less so: those that wait lie close together. One that
 * is never answered would stretch the ring for ever; when there is more gap than value in it, the oldest
 * tags move to a map, where any number of later ones may pass them.
 */

/** Slots to begin with, and after a rush is over. A power of two, as every number of slots: `&` finds the slot. */
const SLOTS = 16;
/** With so many slots an empty ring is not worth keeping. */
const RUSH = 4096;

export class TagWindow<T extends NonNullable<unknown>> {
  #slots = empty<T>(SLOTS);
  #mask = SLOTS - 1;
  /** In the ring are tags from here on, */
  #first = 1;
  /** up to here. Never further apart than there are slots. */
  #end = 1;
  /** How many of them have a value. */
  #count = 0;
  /** Older than the ring, in ascending order. */
  readonly #stragglers = new Map<number, T>();

  get(tag: number): T | undefined {
    // Tags beyond 32 bits are as good: `&` takes the lowest of them.
    if (tag >= this.#first) return tag < this.#end ? this.#slots[tag & this.#mask] : undefined;
    return this.#stragglers.get(tag);
  }

  /** @param tag greater than every one before, by however much */
  add(tag: number, value: T): void {
    if (this.#count === 0) this.#first = tag;
    else while (tag - this.#first > this.#mask) this.#makeRoom(tag);
    this.#slots[tag & this.#mask] = value;
    this.#end = tag + 1;
    this.#count++;
  }

  /** Gives a tag that has a value another one. */
  replace(tag: number, value: T): void {
    if (tag >= this.#first) this.#slots[tag & this.#mask] = value;
    else this.#stragglers.set(tag, value);
  }

  /** Takes a tag's value out. */
  take(tag: number): T | undefined {
    const value = this.get(tag);
    if (value === undefined) return undefined;
    if (tag < this.#first) {
      this.#stragglers.delete(tag);
      return value;
    }
    this.#slots[tag & this.#mask] = undefined;
    this.#count--;
    if (this.#count === 0) this.#rest();
    else while (this.#slots[this.#first & this.#mask] === undefined) this.#first++;
    return value;
  }

  /** In the order of the tags. */
  *values(): Iterable<T> {
    yield* this.#stragglers.values();
    for (let tag = this.#first; tag < this.#end; tag++) {
      const value = this.#slots[tag & this.#mask];
      if (value !== undefined) yield value;
    }
  }

  #rest(): void {
    this.#first = this.#end;
    if (this.#slots.length < RUSH) return;
    this.#slots = empty(SLOTS);
    this.#mask = SLOTS - 1;
  }

  /** Either way costs as many steps as there are slots, once for at least half as many tags. */
  #makeRoom(tag: number): void {
    const size = this.#slots.length;
    if (this.#count > size / 2) this.#grow(size * 2);
    else this.#leaveBehind(tag - size / 2);
  }

  #grow(size: number): void {
    const slots = empty<T>(size);
    for (let tag = this.#first; tag < this.#end; tag++) {
      slots[tag & (size - 1)] = this.#slots[tag & this.#mask];
    }
    this.#slots = slots;
    this.#mask = size - 1;
  }

  /** Tags before this one are stragglers from now on. */
  #leaveBehind(first: number): void {
    const end = Math.min(first, this.#end);
    for (let tag = this.#first; tag < end; tag++) {
      const slot = tag & this.#mask;
      const value = this.#slots[slot];
      if (value === undefined) continue;
      this.#stragglers.set(tag, value);
      this.#slots[slot] = undefined;
      this.#count--;
    }
    this.#first = first;
  }
}

function empty<T>(size: number): (T | undefined)[] {
  return new Array<T | undefined>(size).fill(undefined);
}
