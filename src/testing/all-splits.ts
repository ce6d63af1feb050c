/** Ways to cut bytes: AMP must not mind where a stream is cut, so every test of a reader tries several. */

/** Cuts bytes into what arrives one after the other. Joined again they are the same bytes. */
export type Chunking = (bytes: Uint8Array) => Iterable<Uint8Array>;

/** One byte at a time. The pieces are copies. */
export function byteByByte(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (byte) => Uint8Array.of(byte));
}

/** Every way to cut that is worth a try: whole, byte by byte, and in two at every position. The pieces are copies. */
export function* allSplits(bytes: Uint8Array): Generator<Uint8Array[]> {
  yield [bytes.slice()];
  yield byteByByte(bytes);
  for (let at = 1; at < bytes.length; at++) yield [bytes.slice(0, at), bytes.slice(at)];
}

/**
 * Cuts at random, the same for the same seed.
 * @param seed any integer; put it into a failing test's message
 * @param longest bytes of a piece at most
 */
export function randomChunking(seed: number, longest = 16): Chunking {
  const random = randomNumbers(seed);
  return (bytes) => {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + Math.floor(random() * longest);
      pieces.push(bytes.slice(at, end));
      at = end;
    }
    return pieces;
  };
}

/** Numbers from 0 up to 1: a linear congruential generator with the constants of "Numerical Recipes". */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
