/** Comparison of types by the compiler. A file that uses it is tested by the type check. */

/** True if both types are identical, with optional and readonly properties, which assignability ignores. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only for `true`. */
export type Expect<T extends true> = T;
