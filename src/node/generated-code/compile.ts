/**
 * Compiles the generated code of writers and readers. The only texts in it are the names of fields, as escaped literals;
 * nothing that a peer sends gets into it. Codecs and functions reach it as parameters.
 */

/** Values that the code of one kind of box uses, by the names that it uses for them. */
export type Scope = Readonly<Record<string, unknown>>;

/** Compiles code: the one place that does. @throws EvalError or TypeError if the process forbids it */
export function compile(scope: Scope, lines: readonly string[]): unknown {
  // Constants, because V8 does not inline functions that could be replaced.
  const constants = `const { ${Object.keys(scope).join(", ")} } = scope;`;
  return new Function("scope", ['"use strict";', constants, ...lines].join("\n"))(scope);
}

/** Returns a text as a literal. JSON does not escape U+2028 and U+2029, which are line breaks in older JavaScript. */
export function literal(text: string): string {
  return JSON.stringify(text).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}
