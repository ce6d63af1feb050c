/**
 * A map from ascending tags to values: a ring of slots, which costs each call a fraction of a `Map`.
 *
 * Tags are assigned in order, and answered roughly in order, so the tags in use are close together. A tag that is never
 * answered would make the ring grow without limit. So when the ring is full and at most half of its slots have a value, its
 * oldest tags move to a `Map`.
 */

/** Initial number of slots. The number is always a power of two, so that `&` computes the slot of a tag. */
const SLOTS = 16;
/** Number of slots from which an empty ring is replaced by a small one. */
const LARGE_RING = 4096;

/** A map from tags, added in ascending order, to values. Its methods are those of a `Map`. */
export class TagWindow<T extends NonNullable<unknown>> {
  #slots = empty<T>(SLOTS);
  #mask = SLOTS - 1;
  /** The lowest tag of the ring. */
  #first = 1;
  /** One more than the highest tag of the ring. The ring has at least `#end - #first` slots. */
  #end = 1;
  /** Number of tags in the ring that have a value. */
  #count = 0;
  /** Values of tags below `#first`, in ascending order of the tags. Created when there is one. */
  #older: Map<number, T> | undefined;

  /** Returns the value of a tag. Undefined if it has none. */
  get(tag: number): T | undefined {
    // Also right for tags over 32 bits: `&` uses the lowest 32 bits.
    if (tag >= this.#first) return tag < this.#end ? this.#slots[tag & this.#mask] : undefined;
    return this.#older?.get(tag);
  }

  /**
   * Sets the value of a tag.
   * @param tag one that has a value, or one greater than all tags that were set before; gaps are allowed
   */
  set(tag: number, value: T): void {
    if (tag < this.#first) return void this.#older?.set(tag, value);
    if (tag >= this.#end) this.#add(tag);
    this.#slots[tag & this.#mask] = value;
  }

  #add(tag: number): void {
    if (this.#count === 0) this.#first = tag;
    else while (tag - this.#first > this.#mask) this.#makeRoom(tag);
    this.#end = tag + 1;
    this.#count++;
  }

  /** Removes a tag that has a value. */
  delete(tag: number): void {
    if (tag < this.#first) return void this.#older?.delete(tag);
    this.#slots[tag & this.#mask] = undefined;
    this.#count--;
    if (this.#count === 0) this.#reset();
    else while (this.#slots[this.#first & this.#mask] === undefined) this.#first++;
  }

  /** Returns the values in the order of their tags. */
  *values(): Iterable<T> {
    for (const [, value] of this.entries()) yield value;
  }

  /** Returns the tags in use with their values, in the order of the tags. */
  *entries(): Iterable<[number, T]> {
    if (this.#older !== undefined) yield* this.#older.entries();
    for (let tag = this.#first; tag < this.#end; tag++) {
      const value = this.#slots[tag & this.#mask];
      if (value !== undefined) yield [tag, value];
    }
  }

  /** Empties the ring, and frees the memory of a large one. */
  #reset(): void {
    this.#first = this.#end;
    if (this.#slots.length < LARGE_RING) return;
    this.#slots = empty(SLOTS);
    this.#mask = SLOTS - 1;
  }

  /** Makes space for a tag. The cost is one step for each slot, at most once in half as many tags. */
  #makeRoom(tag: number): void {
    const size = this.#slots.length;
    if (this.#count > size / 2) this.#grow(size * 2);
    else this.#moveOlder(tag - size / 2);
  }

  #grow(size: number): void {
    const slots = empty<T>(size);
    for (let tag = this.#first; tag < this.#end; tag++) {
      slots[tag & (size - 1)] = this.#slots[tag & this.#mask];
    }
    this.#slots = slots;
    this.#mask = size - 1;
  }

  /** Moves the tags below `first` from the ring to the map of older tags. */
  #moveOlder(first: number): void {
    const end = Math.min(first, this.#end);
    for (let tag = this.#first; tag < end; tag++) {
      const slot = tag & this.#mask;
      const value = this.#slots[slot];
      if (value === undefined) continue;
      this.#older ??= new Map();
      this.#older.set(tag, value);
      this.#slots[slot] = undefined;
      this.#count--;
    }
    this.#first = first;
  }
}

function empty<T>(size: number): (T | undefined)[] {
  return new Array<T | undefined>(size).fill(undefined);
}
