/** Types compared by the compiler: a file that uses these is tested by being checked. */

/** True for the same type, also in optional and readonly properties, which assignability would let pass. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Does not compile for anything but `true`. */
export type Expect<T extends true> = T;
