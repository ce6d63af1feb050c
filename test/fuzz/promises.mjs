/** Assertions of the properties, and readable bytes. */

/** @returns {asserts condition} */
export function assert(condition, message) {
  if (!condition) throw new Error(`broken: ${message}`);
}

export function hex(bytes) {
  return Buffer.from(bytes).toString("hex");
}

/** Resolves when every microtask has run, and after `turns` turns of the event loop. */
export async function settled(turns = 2) {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Records exceptions that nothing handles, until `stop()`: unhandled rejections, and exceptions in callbacks. */
export function escapes() {
  const errors = [];
  const record = (error) => errors.push(error);
  process.on("unhandledRejection", record).on("uncaughtException", record);
  const stop = () => process.off("unhandledRejection", record).off("uncaughtException", record);
  return { errors, stop };
}
