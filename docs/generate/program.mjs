/** The program of the entry points, as the TypeScript compiler reads it: the source of the generated tables. */
import { join, posix, relative } from "node:path";
import ts from "typescript";
import { entryPoints, root } from "../.vitepress/repository.mjs";

/** Sources of the entry points, by the name that a program imports. */
export const ENTRY_POINTS = new Map(
  [...entryPoints].map(([name, folder]) => [name, posix.join("src", folder, "index.ts")]),
);

const { config } = ts.readConfigFile(join(root, "tsconfig.build.json"), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);

export const program = ts.createProgram(
  [...ENTRY_POINTS.values()].map((file) => join(root, file)),
  { ...options, noEmit: true },
);
export const checker = program.getTypeChecker();

/** Source files of this repository. */
export const sources = program
  .getSourceFiles()
  .filter(({ fileName }) => relative(root, fileName).startsWith("src/"));

/**
 * @param {string} entryPoint a key of {@link ENTRY_POINTS}
 * @returns the exported symbols by name, with aliases resolved
 */
export function exportsOf(entryPoint) {
  const file = program.getSourceFile(join(root, ENTRY_POINTS.get(entryPoint) ?? ""));
  const module = file && checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${entryPoint} exports nothing`);
  return new Map(
    checker
      .getExportsOfModule(module)
      .map((symbol) => [
        symbol.name,
        symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
      ]),
  );
}

/** @param {ts.Symbol} symbol @returns the path of its declaration in the repository, "" without one */
export function fileOf(symbol) {
  const file = symbol.declarations?.[0]?.getSourceFile().fileName;
  return file === undefined ? "" : relative(root, file);
}

/** @param {ts.Symbol} symbol @returns its docstring in one line */
export function docOf(symbol) {
  return ts.displayPartsToString(symbol.getDocumentationComment(checker)).replace(/\s+/g, " ").trim();
}
