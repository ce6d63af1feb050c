/** Property of V8: the number of lines of a stack. */
const STACK_LIMIT = "stackTraceLimit";

/**
 * Sets the number of lines of the stacks of new errors, and returns the number before. Zero for an error that every connection
 * makes: V8 needs longer for a stack than for a call. Has no effect in a hardened environment, where assignment would throw.
 */
export function setStackLimit(limit: unknown): unknown {
  const before: unknown = Reflect.get(Error, STACK_LIMIT);
  Reflect.set(Error, STACK_LIMIT, limit);
  return before;
}
