/** The sources as text: their imports, and the exports of the entry points. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const SRC = fileURLToPath(new URL("../../src/", import.meta.url));

/** One import of any form: `import`, `export ... from`, or a dynamic import. */
export interface Import {
  /** Path from `src/`. */
  readonly from: string;
  /** Path from `src/`, or the name of a package. */
  readonly to: string;
  /** True if the compiler removes the import. */
  readonly typeOnly: boolean;
}

/** Every source, by its path from `src/`. */
export function sources(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => path.replaceAll("\\", "/"))
    .sort();
}

export function importsOf(path: string): Import[] {
  const found: Import[] = [];
  const note = (specifier: ts.Node | undefined, typeOnly: boolean) => {
    if (specifier !== undefined && ts.isStringLiteral(specifier))
      found.push({ from: path, to: resolved(path, specifier.text), typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) note(node.moduleSpecifier, importsOnlyTypes(node.importClause));
    else if (ts.isExportDeclaration(node)) note(node.moduleSpecifier, exportsOnlyTypes(node));
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      note(node.arguments[0], false);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      note(node.argument.literal, true);
    ts.forEachChild(node, visit);
  };
  visit(parsed(path));
  return found;
}

/** Returns the names that an entry point exports, types with the prefix `type`. Other statements are returned unchanged. */
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
  const text = readFileSync(SRC + path, "utf8");
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

function resolved(from: string, specifier: string): string {
  if (!specifier.startsWith(".")) return specifier;
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

function importsOnlyTypes(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false; // an import for its side effects
  if (clause.isTypeOnly) return true;
  const named = clause.namedBindings;
  return (
    clause.name === undefined &&
    named !== undefined &&
    ts.isNamedImports(named) &&
    named.elements.every(({ isTypeOnly }) => isTypeOnly)
  );
}

function exportsOnlyTypes({ isTypeOnly, exportClause }: ts.ExportDeclaration): boolean {
  if (isTypeOnly) return true;
  return (
    exportClause !== undefined &&
    ts.isNamedExports(exportClause) &&
    exportClause.elements.every((element) => element.isTypeOnly)
  );
}
