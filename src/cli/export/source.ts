/** Reads doc comments and the order of exports, which only the source of a module has. */

const EXPORT =
  /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?^export\s+(?:const|let|class)\s+([\p{L}_$][\p{L}\p{N}_$]*)/gmu;

/** Returns the exported names in order, each with the doc comment before it. */
export function exportsOf(source: string): Map<string, string | undefined> {
  const found = new Map<string, string | undefined>();
  for (const [, comment, name = ""] of source.matchAll(EXPORT)) {
    found.set(name, comment === undefined ? undefined : textOf(comment));
  }
  return found;
}

function textOf(comment: string): string {
  return comment
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trimEnd())
    .join("\n")
    .trim();
}
