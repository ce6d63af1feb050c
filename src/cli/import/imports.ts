/** Imports of a generated TypeScript module from this package. */

/** Names that `ampwire/node` exports. `ampwire` exports the others. */
const fromNode: ReadonlySet<string> = new Set(["compressed", "descriptor", "protocolSwitch", "zlib"]);

export class Imports {
  readonly #used = new Set<string>();

  /** Adds a name, and returns it. */
  use(name: string): string {
    this.#used.add(name);
    return name;
  }

  has(name: string): boolean {
    return this.#used.has(name);
  }

  /** Returns the import declarations. */
  text(): string {
    const from = (specifier: string, names: readonly string[]) => {
      if (names.length === 0) return [];
      const line = `import { ${names.join(", ")} } from "${specifier}";`;
      return [line.length <= 80 ? line : `import {\n  ${names.join(",\n  ")},\n} from "${specifier}";`];
    };
    const used = [...this.#used].sort(inImports);
    return [
      ...from(
        "ampwire",
        used.filter((name) => !fromNode.has(name)),
      ),
      ...from(
        "ampwire/node",
        used.filter((name) => fromNode.has(name)),
      ),
    ].join("\n");
  }
}

/** Compares import names as formatters do: without `type`, by the first letter that differs, an upper-case one first. */
function inImports(one: string, other: string): number {
  const [a, b] = [one.replace("type ", ""), other.replace("type ", "")];
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const [x = "", y = ""] = [a[at], b[at]];
    if (x === y) continue;
    const [lowerX, lowerY] = [x.toLowerCase(), y.toLowerCase()];
    return (lowerX === lowerY ? x < y : lowerX < lowerY) ? -1 : 1;
  }
  return a.length - b.length;
}
