/** What only a module's source has: comments, and the order of what it exports. */

const EXPORT =
  /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?^export\s+(?:const|let|class)\s+([\p{L}_$][\p{L}\p{N}_$]*)/gmu;

/** The exported names in their order, with the comment that stands before each. */
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
