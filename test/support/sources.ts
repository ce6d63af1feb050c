/** Imports and exports of the sources, read from their text. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const SRC = fileURLToPath(new URL("../../src/", import.meta.url));

/** One import of any form: `import`, `export ... from`, `import()`, or `import("...")` as a type. */
export interface Import {
  /** Paths from `src/`. */
  readonly from: string;
  /** A path from `src/`, or the name of a package. */
  readonly to: string;
}

/** Returns every source, as a path from `src/`. */
export function sources(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => path.replaceAll("\\", "/"))
    .sort();
}

/** Returns the text of a source. */
export function textOf(path: string): string {
  return readFileSync(SRC + path, "utf8");
}

export function importsOf(path: string): Import[] {
  const found: Import[] = [];
  const note = (specifier: ts.Node | undefined) => {
    if (specifier !== undefined && ts.isStringLiteral(specifier))
      found.push({ from: path, to: resolved(path, specifier.text) });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) note(node.moduleSpecifier);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      note(node.arguments[0]);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) note(node.argument.literal);
    ts.forEachChild(node, visit);
  };
  visit(parsed(path));
  return found;
}

/** Returns the names that an entry point exports, with `type` before types. Other statements are returned as text. */
export function exportsOf(path: string): string[] {
  return parsed(path).statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || statement.exportClause === undefined)
      return statement.getText();
    if (!ts.isNamedExports(statement.exportClause)) return statement.getText();
    return statement.exportClause.elements.map(
      ({ name, isTypeOnly }) => `${statement.isTypeOnly || isTypeOnly ? "type " : ""}${name.text}`,
    );
  });
}

function parsed(path: string): ts.SourceFile {
  return ts.createSourceFile(path, textOf(path), ts.ScriptTarget.Latest, true);
}

function resolved(from: string, specifier: string): string {
  if (!specifier.startsWith(".")) return specifier;
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}
